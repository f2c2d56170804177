begin;
create temp table f(username text,firstname text,lastname text,email text,city text,course1 text,course2 text) on commit drop;
\copy f from 'FILE' with (format csv, header)
analyze f;
create temp table n on commit drop as select lower(trim(username)) username,firstname,lastname,email,city,course1,course2 from f where not exists(select 1 from mdl_user u where u.mnethostid=1 and u.username=lower(trim(f.username))) and not exists(select 1 from mdl_user u where u.email=f.email and u.deleted=0);
create temp table m on commit drop as select nextval('mdl_user_id_seq') uid,nextval('mdl_context_id_seq') uctx,n.* from n;
analyze m;
insert into mdl_user(id,auth,confirmed,mnethostid,username,password,firstname,lastname,email,city,lang,calendartype,timezone,description,descriptionformat,mailformat,maildisplay,autosubscribe,timecreated,timemodified) select uid,'manual',1,1,username,'to be generated',firstname,lastname,email,city,'en','gregorian','Etc/UTC','',1,1,2,1,1795444310,1795444310 from m;
insert into mdl_context(id,contextlevel,instanceid,path,depth,locked) select uctx,30,uid,'/1/'||uctx,2,0 from m;
insert into mdl_user_preferences(userid,name,value) select uid,'create_password','1' from m;
insert into mdl_cache_flags(flagtype,name,timemodified,value,expiry) select 'userpreferenceschanged',uid,1795444310,'1',1795473110 from m;
insert into mdl_logstore_standard_log(eventname,component,action,target,objecttable,objectid,crud,edulevel,contextid,contextlevel,contextinstanceid,userid,courseid,relateduserid,anonymous,other,timecreated,origin) select '\core\event\user_created','core','created','user','user',m.uid,'c',0,m.uctx,30,m.uid,2,0,m.uid,0,'null',1795444310,'cli' from m;
create temp table q on commit drop as select m.uid, e.id eid, x.id ctx, c.id cid, e.roleid rid from m join mdl_course c on c.shortname=m.course1 join mdl_enrol e on e.courseid=c.id and e.enrol='manual' join mdl_context x on x.contextlevel=50 and x.instanceid=c.id union select m.uid, e.id eid, x.id ctx, c.id cid, e.roleid rid from m join mdl_course c on c.shortname=m.course2 join mdl_enrol e on e.courseid=c.id and e.enrol='manual' join mdl_context x on x.contextlevel=50 and x.instanceid=c.id;
analyze q;
with i as (insert into mdl_user_enrolments(status,enrolid,userid,timestart,timeend,modifierid,timecreated,timemodified) select 0,eid,uid,1795392000,0,2,1795444310,1795444310 from q order by eid,uid returning id,enrolid,userid)
insert into mdl_logstore_standard_log(eventname,component,action,target,objecttable,objectid,crud,edulevel,contextid,contextlevel,contextinstanceid,userid,courseid,relateduserid,anonymous,other,timecreated,origin) select '\core\event\user_enrolment_created','core','created','user_enrolment','user_enrolments',i.id,'c',0,q.ctx,50,q.cid,2,q.cid,q.uid,0,'{"enrol":"manual"}',1795444310,'cli' from q join i on i.enrolid=q.eid and i.userid=q.uid;
with i as (insert into mdl_role_assignments(roleid,contextid,userid,timemodified,modifierid,component,itemid,sortorder) select rid,ctx,uid,1795444310,2,'',0,0 from q order by ctx,uid returning id,contextid,userid)
insert into mdl_logstore_standard_log(eventname,component,action,target,objecttable,objectid,crud,edulevel,contextid,contextlevel,contextinstanceid,userid,courseid,relateduserid,anonymous,other,timecreated,origin) select '\core\event\role_assigned','core','assigned','role','role',q.rid,'c',0,q.ctx,50,q.cid,2,q.cid,q.uid,0,'{"id":'||i.id||',"component":"","itemid":0}',1795444310,'cli' from q join i on i.contextid=q.ctx and i.userid=q.uid;
insert into mdl_cache_flags(flagtype,name,timemodified,value,expiry) select 'accesslib/dirtyusers',uid,1795444310,'1',1795473110 from (select distinct uid from q) z;
commit;
