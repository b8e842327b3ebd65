//! The resources of version 1, one file each. Handlers translate between wire and use case and hold no rules.

mod accounts;
mod adapter;
mod answers;
mod cluster_decisions;
mod clusters;
mod controls;
mod conversations;
mod desks;
mod entries;
mod entry_files;
mod entry_versions;
mod evaluations;
mod imports;
mod jobs;
mod live;
mod live_events;
mod me;
pub(super) mod promotions;
mod reports;
mod retired;
mod sessions;
mod suggestions;
mod upload;
mod widget_tokens;
mod worklists;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::UtoipaMethodRouterExt as _;
use utoipa_axum::routes;

use super::gate::GateRef;
use super::{HttpSettings, Routes};

/// The one route that makes credentials rather than needing them.
pub(super) fn sign_in() -> Routes<GateRef> {
    Routes::default().routes(routes!(sessions::create_session))
}

/// Everything that needs a principal.
pub(super) fn guarded(settings: &HttpSettings) -> Routes<GateRef> {
    Routes::default()
        .routes(routes!(sessions::delete_session))
        .routes(routes!(me::show_me))
        .routes(routes!(suggestions::create_suggestions))
        .routes(routes!(suggestions::create_feedback))
        .routes(routes!(imports::create_import).layer(DefaultBodyLimit::max(settings.max_upload_bytes)))
        .routes(routes!(jobs::list_jobs))
        .routes(routes!(jobs::show_job))
        .routes(routes!(jobs::stream_job_events))
        .routes(routes!(jobs::list_rejected_rows))
        .routes(routes!(jobs::cancel_job))
        .routes(routes!(clusters::list_clusters))
        .routes(routes!(clusters::map_clusters))
        .routes(routes!(clusters::list_outliers))
        .routes(routes!(cluster_decisions::list_cluster_decisions))
        .routes(routes!(cluster_decisions::undo_cluster_decision))
        .routes(routes!(cluster_decisions::merge_clusters))
        .routes(routes!(clusters::show_cluster, cluster_decisions::review_cluster))
        .routes(routes!(clusters::propose_split, cluster_decisions::split_cluster))
        .routes(routes!(cluster_decisions::move_questions))
        .routes(routes!(promotions::promote_cluster))
        .routes(routes!(clusters::rebuild_clusters))
        .routes(routes!(worklists::list_gaps))
        .routes(routes!(worklists::find_gaps))
        .routes(routes!(worklists::review_gap))
        .routes(routes!(worklists::list_conflicts))
        .routes(routes!(worklists::count_worklists))
        .routes(routes!(worklists::list_worklist))
        .routes(routes!(reports::show_overview))
        .routes(routes!(evaluations::list_evaluations))
        .routes(routes!(desks::list_desks, desks::create_desk))
        .routes(routes!(desks::show_desk))
        .routes(routes!(desks::update_desk_settings))
        .routes(routes!(adapter::show_adapter, adapter::create_adapter, adapter::delete_adapter))
        .routes(routes!(controls::list_controls, controls::create_control))
        .routes(routes!(controls::delete_control))
        .routes(routes!(retired::list_retired))
        .routes(routes!(retired::review_retired))
        .routes(routes!(live::list_conversations, live::create_conversation))
        .routes(routes!(conversations::show_conversation))
        .routes(routes!(live::create_message))
        .routes(routes!(live::report_typing))
        .routes(routes!(live::close_conversation))
        .routes(routes!(live_events::stream_conversation_events))
        .routes(routes!(answers::create_answers))
        .routes(routes!(entries::list_entries, entries::create_entry, entries::put_entries))
        .routes(routes!(entries::find_duplicate_entries))
        .routes(routes!(entry_files::import_entries).layer(DefaultBodyLimit::max(entry_files::MAX_FILE_BYTES)))
        .routes(routes!(entry_files::export_entries))
        .routes(routes!(entries::show_entry, entries::update_entry))
        .routes(routes!(entry_versions::list_entry_versions))
        .routes(routes!(entry_versions::show_entry_version))
        .routes(routes!(entry_versions::compare_entry_versions))
        .routes(routes!(entry_versions::roll_back_entry))
        .routes(routes!(accounts::list_accounts, accounts::create_account))
        .routes(routes!(accounts::delete_account))
        .routes(routes!(accounts::reset_password))
        .routes(routes!(sessions::change_password))
        .routes(routes!(accounts::list_api_keys, accounts::create_api_key))
        .routes(routes!(accounts::delete_api_key))
        .routes(routes!(widget_tokens::create_widget_token))
}
