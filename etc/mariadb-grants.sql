-- What enrold may do in a Moodle's MariaDB database, and nothing more. Run it as an administrator, after
-- `enrolctl lms init`. For another database than moodle, or another prefix than mdl_, put them in:
--
--     sed -e 's/\bmoodle\./mydb./; s/mdl_/other_/' mariadb-grants.sql | mariadb
--
-- The user itself: CREATE USER enrold@'%' IDENTIFIED BY '...' REQUIRE SSL;
GRANT SELECT ON moodle.mdl_config TO enrold;
GRANT SELECT ON moodle.mdl_config_plugins TO enrold;
GRANT SELECT ON moodle.mdl_user_info_field TO enrold;
GRANT SELECT ON moodle.mdl_course_categories TO enrold;
GRANT SELECT ON moodle.mdl_course TO enrold;
GRANT SELECT ON moodle.mdl_role TO enrold;
GRANT SELECT ON moodle.mdl_role_context_levels TO enrold;
GRANT SELECT ON moodle.mdl_enrol TO enrold;
GRANT SELECT, INSERT, UPDATE ON moodle.mdl_user TO enrold;
GRANT SELECT, INSERT, UPDATE ON moodle.mdl_context TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.mdl_user_info_data TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.mdl_user_preferences TO enrold;
GRANT SELECT, DELETE ON moodle.mdl_user_password_history TO enrold;
GRANT SELECT, DELETE ON moodle.mdl_sessions TO enrold;
GRANT SELECT, INSERT, DELETE ON moodle.mdl_role_assignments TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.mdl_user_enrolments TO enrold;
GRANT SELECT, INSERT, UPDATE ON moodle.mdl_groups TO enrold;
GRANT SELECT, INSERT, DELETE ON moodle.mdl_groups_members TO enrold;
GRANT SELECT, INSERT ON moodle.mdl_groupings TO enrold;
GRANT SELECT, INSERT ON moodle.mdl_groupings_groups TO enrold;
GRANT SELECT, INSERT ON moodle.mdl_cohort TO enrold;
GRANT SELECT, INSERT, DELETE ON moodle.mdl_cohort_members TO enrold;
GRANT SELECT, INSERT, UPDATE ON moodle.mdl_cache_flags TO enrold;
GRANT SELECT, INSERT ON moodle.mdl_logstore_standard_log TO enrold;
-- Chats, subscriptions, tags, grades, and what plugins keep of a person: what the site has no table for is passed over.
DELIMITER //
BEGIN NOT ATOMIC
  DECLARE CONTINUE HANDLER FOR 1146 BEGIN END;
  GRANT SELECT, DELETE ON moodle.mdl_user_lastaccess TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_external_tokens TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_external_services_users TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_user_private_key TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_oauth2_refresh_token TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_event TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_event_subscriptions TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_my_pages TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_role_names TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_role_capabilities TO enrold;
  GRANT SELECT ON moodle.mdl_message_conversations TO enrold;
  GRANT SELECT, INSERT, DELETE ON moodle.mdl_message_conversation_members TO enrold;
  GRANT SELECT ON moodle.mdl_forum TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_forum_subscriptions TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_forum_digests TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_forum_track_prefs TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_forum_read TO enrold;
  GRANT SELECT, INSERT, DELETE ON moodle.mdl_tag TO enrold;
  GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.mdl_tag_instance TO enrold;
  GRANT SELECT ON moodle.mdl_tag_area TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_tag_correlation TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_auth_oauth2_linked_login TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_tool_cohortroles TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_tool_monitor_subscriptions TO enrold;
  GRANT SELECT, INSERT ON moodle.mdl_tool_dataprivacy_request TO enrold;
  GRANT SELECT ON moodle.mdl_grade_items TO enrold;
  GRANT SELECT, DELETE ON moodle.mdl_grade_grades TO enrold;
  GRANT SELECT, INSERT ON moodle.mdl_grade_grades_history TO enrold;
  GRANT SELECT ON moodle.mdl_modules TO enrold;
  GRANT SELECT ON moodle.mdl_course_modules TO enrold;
  GRANT SELECT, UPDATE ON moodle.mdl_course_modules_completion TO enrold;
  GRANT SELECT ON moodle.mdl_quiz TO enrold;
  GRANT SELECT ON moodle.mdl_quiz_overrides TO enrold;
  GRANT SELECT, UPDATE ON moodle.mdl_quiz_attempts TO enrold;
END //
DELIMITER ;
-- Its own tables.
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_run TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_head TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_lock TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_node TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_feed TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_version TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_listing TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_base TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON moodle.enrold_plan TO enrold;
