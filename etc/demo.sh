#!/bin/sh
# Makes the demo LMS of quickstart.sh: usage: demo.sh DIRECTORY PROGRAMS
# Its feed hr may do all that etc/templates show, each of which can be dropped there as it is.
set -eu
demo=$1 programs=$2
mkdir -p "$demo"
cat >"$demo/enrold.yaml" <<EOF
spool: $demo/spool
lms: { url: "sqlite:$demo/lms.db" }
feeds:
  hr:
    upload_type: add_or_update
    update_details: file
    allow_delete: true
    allow_rename: true
    absence: { action: suspend, files: "full-*.csv" }
    may:
      system_roles: [coursecreator, manager]
      unprotected: [coursecreator]
      create: { groups: true, cohorts: true }
EOF
enrolctl() { "$programs/enrolctl" --config "$demo/enrold.yaml" "$@"; }
enrolctl lms init
enrolctl lms add-courses - <<EOF
shortname,fullname,category
SAFETY,Safety at work,COMPLIANCE
PRIVACY,Data protection,COMPLIANCE
FIRE,Fire drill,COMPLIANCE
EOF
enrolctl lms add-users - <<EOF
username,firstname,lastname,email
anna,Anna,Ahrens,anna@example.org
bela,Béla,Bartos,bela@example.org
cleo,Cleo,Costa,cleo@example.org
dora,Dora,Duarte,dora@example.org
EOF
