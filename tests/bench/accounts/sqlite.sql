pragma journal_mode=wal; pragma synchronous=normal; pragma cache_size=-262144; pragma temp_store=memory;
.mode csv
create temp table f(username,firstname,lastname,email,city,course1,course2);
.import --skip 1 FILE f
begin immediate;
create temp table n as select lower(trim(username)) username,firstname,lastname,email,city,course1,course2 from f where not exists(select 1 from mdl_user u where u.mnethostid=1 and u.username=lower(trim(f.username))) and not exists(select 1 from mdl_user u where u.email=f.email and +u.deleted=0);
insert into mdl_user(auth,confirmed,mnethostid,username,password,firstname,lastname,email,city,lang,calendartype,timezone,description,descriptionformat,mailformat,maildisplay,autosubscribe,timecreated,timemodified) select 'manual',1,1,username,'to be generated',firstname,lastname,email,city,'en','gregorian','Etc/UTC','',1,1,2,1,1795444310,1795444310 from n;
create temp table m as select u.id uid,n.course1,n.course2 from n join mdl_user u on u.mnethostid=1 and u.username=n.username;
insert into mdl_context(contextlevel,instanceid,depth,locked) select 30,uid,0,0 from m;
update mdl_context set path='/1/'||id,depth=2 where contextlevel=30 and instanceid in (select uid from m);
insert into mdl_user_preferences(userid,name,value) select uid,'create_password','1' from m;
insert into mdl_cache_flags(flagtype,name,timemodified,value,expiry) select 'userpreferenceschanged',uid,1795444310,'1',1795473110 from m;
insert into mdl_logstore_standard_log(eventname,component,action,target,objecttable,objectid,crud,edulevel,contextid,contextlevel,contextinstanceid,userid,courseid,relateduserid,anonymous,other,timecreated,origin) select '\core\event\user_created','core','created','user','user',m.uid,'c',0,x.id,30,m.uid,2,0,m.uid,0,'null',1795444310,'cli' from m join mdl_context x on x.contextlevel=30 and x.instanceid=m.uid;
create temp table q as select m.uid, e.id eid, x.id ctx, c.id cid, e.roleid rid from m join mdl_course c on c.shortname=m.course1 join mdl_enrol e on e.courseid=c.id and e.enrol='manual' join mdl_context x on x.contextlevel=50 and x.instanceid=c.id union select m.uid, e.id eid, x.id ctx, c.id cid, e.roleid rid from m join mdl_course c on c.shortname=m.course2 join mdl_enrol e on e.courseid=c.id and e.enrol='manual' join mdl_context x on x.contextlevel=50 and x.instanceid=c.id;
insert into mdl_user_enrolments(status,enrolid,userid,timestart,timeend,modifierid,timecreated,timemodified) select 0,eid,uid,1795392000,0,2,1795444310,1795444310 from q order by eid,uid;
insert into mdl_role_assignments(roleid,contextid,userid,timemodified,modifierid,component,itemid,sortorder) select rid,ctx,uid,1795444310,2,'',0,0 from q order by ctx,uid;
insert into mdl_cache_flags(flagtype,name,timemodified,value,expiry) select 'accesslib/dirtyusers',uid,1795444310,'1',1795473110 from (select distinct uid from q);
insert into mdl_logstore_standard_log(eventname,component,action,target,objecttable,objectid,crud,edulevel,contextid,contextlevel,contextinstanceid,userid,courseid,relateduserid,anonymous,other,timecreated,origin) select '\core\event\user_enrolment_created','core','created','user_enrolment','user_enrolments',ue.id,'c',0,q.ctx,50,q.cid,2,q.cid,q.uid,0,'{"enrol":"manual"}',1795444310,'cli' from q join mdl_user_enrolments ue on ue.enrolid=q.eid and ue.userid=q.uid;
insert into mdl_logstore_standard_log(eventname,component,action,target,objecttable,objectid,crud,edulevel,contextid,contextlevel,contextinstanceid,userid,courseid,relateduserid,anonymous,other,timecreated,origin) select '\core\event\role_assigned','core','assigned','role','role',q.rid,'c',0,q.ctx,50,q.cid,2,q.cid,q.uid,0,'{"id":'||ra.id||',"component":"","itemid":0}',1795444310,'cli' from q join mdl_role_assignments ra on ra.userid=q.uid and ra.contextid=q.ctx and ra.roleid=q.rid;
commit;
