-- What enrold may do in a Moodle's PostgreSQL database, and nothing more. Run it as the owner of the
-- tables, in the site's database, after `enrolctl lms init` (which needs CREATE on the database once):
--
--     psql -d moodle -v prefix=mdl_ -f postgresql-grants.sql
--
-- The role itself: CREATE ROLE enrold LOGIN PASSWORD '...';
\if :{?prefix}
\else
\set prefix mdl_
\endif
\set config :prefix config
\set config_plugins :prefix config_plugins
\set user_info_field :prefix user_info_field
\set course_categories :prefix course_categories
\set course :prefix course
\set role :prefix role
\set role_context_levels :prefix role_context_levels
\set enrol :prefix enrol
\set user :prefix user
\set context :prefix context
\set user_info_data :prefix user_info_data
\set user_preferences :prefix user_preferences
\set user_password_history :prefix user_password_history
\set sessions :prefix sessions
\set role_assignments :prefix role_assignments
\set user_enrolments :prefix user_enrolments
\set groups :prefix groups
\set groups_members :prefix groups_members
\set groupings :prefix groupings
\set groupings_groups :prefix groupings_groups
\set cohort :prefix cohort
\set cohort_members :prefix cohort_members
\set cache_flags :prefix cache_flags
\set logstore_standard_log :prefix logstore_standard_log
\set user_lastaccess :prefix user_lastaccess
\set external_tokens :prefix external_tokens
\set external_services_users :prefix external_services_users
\set user_private_key :prefix user_private_key
GRANT USAGE ON SCHEMA public TO enrold;
GRANT SELECT ON :"config" TO enrold;
GRANT SELECT ON :"config_plugins" TO enrold;
GRANT SELECT ON :"user_info_field" TO enrold;
GRANT SELECT ON :"course_categories" TO enrold;
GRANT SELECT ON :"course" TO enrold;
GRANT SELECT ON :"role" TO enrold;
GRANT SELECT ON :"role_context_levels" TO enrold;
GRANT SELECT ON :"enrol" TO enrold;
GRANT SELECT, INSERT, UPDATE ON :"user" TO enrold;
\set user_seq :prefix user_id_seq
GRANT USAGE ON SEQUENCE :"user_seq" TO enrold;
GRANT SELECT, INSERT, UPDATE ON :"context" TO enrold;
\set context_seq :prefix context_id_seq
GRANT USAGE ON SEQUENCE :"context_seq" TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON :"user_info_data" TO enrold;
\set user_info_data_seq :prefix user_info_data_id_seq
GRANT USAGE ON SEQUENCE :"user_info_data_seq" TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON :"user_preferences" TO enrold;
\set user_preferences_seq :prefix user_preferences_id_seq
GRANT USAGE ON SEQUENCE :"user_preferences_seq" TO enrold;
GRANT SELECT, DELETE ON :"user_password_history" TO enrold;
GRANT SELECT, DELETE ON :"sessions" TO enrold;
GRANT SELECT, INSERT, DELETE ON :"role_assignments" TO enrold;
\set role_assignments_seq :prefix role_assignments_id_seq
GRANT USAGE ON SEQUENCE :"role_assignments_seq" TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON :"user_enrolments" TO enrold;
\set user_enrolments_seq :prefix user_enrolments_id_seq
GRANT USAGE ON SEQUENCE :"user_enrolments_seq" TO enrold;
GRANT SELECT, INSERT, UPDATE ON :"groups" TO enrold;
\set groups_seq :prefix groups_id_seq
GRANT USAGE ON SEQUENCE :"groups_seq" TO enrold;
GRANT SELECT, INSERT, DELETE ON :"groups_members" TO enrold;
\set groups_members_seq :prefix groups_members_id_seq
GRANT USAGE ON SEQUENCE :"groups_members_seq" TO enrold;
GRANT SELECT, INSERT ON :"groupings" TO enrold;
\set groupings_seq :prefix groupings_id_seq
GRANT USAGE ON SEQUENCE :"groupings_seq" TO enrold;
GRANT SELECT, INSERT ON :"groupings_groups" TO enrold;
\set groupings_groups_seq :prefix groupings_groups_id_seq
GRANT USAGE ON SEQUENCE :"groupings_groups_seq" TO enrold;
GRANT SELECT, INSERT ON :"cohort" TO enrold;
\set cohort_seq :prefix cohort_id_seq
GRANT USAGE ON SEQUENCE :"cohort_seq" TO enrold;
GRANT SELECT, INSERT, DELETE ON :"cohort_members" TO enrold;
\set cohort_members_seq :prefix cohort_members_id_seq
GRANT USAGE ON SEQUENCE :"cohort_members_seq" TO enrold;
GRANT SELECT, INSERT, UPDATE ON :"cache_flags" TO enrold;
\set cache_flags_seq :prefix cache_flags_id_seq
GRANT USAGE ON SEQUENCE :"cache_flags_seq" TO enrold;
GRANT SELECT, INSERT ON :"logstore_standard_log" TO enrold;
\set logstore_standard_log_seq :prefix logstore_standard_log_id_seq
GRANT USAGE ON SEQUENCE :"logstore_standard_log_seq" TO enrold;
-- Of a deleted account; every Moodle has these tables.
GRANT SELECT, DELETE ON :"user_lastaccess" TO enrold;
GRANT SELECT, DELETE ON :"external_tokens" TO enrold;
GRANT SELECT, DELETE ON :"external_services_users" TO enrold;
GRANT SELECT, DELETE ON :"user_private_key" TO enrold;
-- Its own tables.
GRANT USAGE ON SCHEMA enrold TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA enrold TO enrold;
