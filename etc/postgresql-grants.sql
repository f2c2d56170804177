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
-- Chats, subscriptions, tags, grades, and what plugins keep of a person: what the site has no table for is passed over.
CREATE TEMPORARY TABLE enrold_grants AS SELECT :'prefix' || name AS name, rights FROM (VALUES
  ('user_lastaccess', 'SELECT, DELETE'),
  ('external_tokens', 'SELECT, DELETE'),
  ('external_services_users', 'SELECT, DELETE'),
  ('user_private_key', 'SELECT, DELETE'),
  ('oauth2_refresh_token', 'SELECT, DELETE'),
  ('event', 'SELECT, DELETE'),
  ('event_subscriptions', 'SELECT, DELETE'),
  ('my_pages', 'SELECT, DELETE'),
  ('role_names', 'SELECT, DELETE'),
  ('role_capabilities', 'SELECT, DELETE'),
  ('message_conversations', 'SELECT'),
  ('message_conversation_members', 'SELECT, INSERT, DELETE'),
  ('forum', 'SELECT'),
  ('forum_subscriptions', 'SELECT, DELETE'),
  ('forum_digests', 'SELECT, DELETE'),
  ('forum_track_prefs', 'SELECT, DELETE'),
  ('forum_read', 'SELECT, DELETE'),
  ('tag', 'SELECT, INSERT, DELETE'),
  ('tag_instance', 'SELECT, INSERT, UPDATE, DELETE'),
  ('tag_area', 'SELECT'),
  ('tag_correlation', 'SELECT, DELETE'),
  ('auth_oauth2_linked_login', 'SELECT, DELETE'),
  ('tool_cohortroles', 'SELECT, DELETE'),
  ('tool_monitor_subscriptions', 'SELECT, DELETE'),
  ('tool_dataprivacy_request', 'SELECT, INSERT'),
  ('grade_items', 'SELECT'),
  ('grade_grades', 'SELECT, DELETE'),
  ('grade_grades_history', 'SELECT, INSERT'),
  ('modules', 'SELECT'),
  ('course_modules', 'SELECT'),
  ('course_modules_completion', 'SELECT, UPDATE'),
  ('quiz', 'SELECT'),
  ('quiz_overrides', 'SELECT'),
  ('quiz_attempts', 'SELECT, UPDATE')) AS optional (name, rights) WHERE to_regclass(quote_ident(:'prefix' || name)) IS NOT NULL;
SELECT format('GRANT %s ON %I TO enrold', rights, name) FROM enrold_grants \gexec
SELECT format('GRANT USAGE ON SEQUENCE %s TO enrold', pg_get_serial_sequence(quote_ident(name), 'id'))
  FROM enrold_grants WHERE rights LIKE '%INSERT%' \gexec
DROP TABLE enrold_grants;
-- Its own tables.
GRANT USAGE ON SCHEMA enrold TO enrold;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA enrold TO enrold;
