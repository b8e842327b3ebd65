//! What every store must do, whatever it is built on: one small test per rule, over `&dyn Store`.
//!
//! An adapter instantiates the suite with [`contract_tests`], giving an expression that opens an empty store.

pub(super) mod archive;
pub(super) mod clusters;
pub(super) mod gaps;
pub(super) mod knowledge;
pub(super) mod learning;
pub(super) mod leases;
pub(super) mod live;
pub(super) mod people;
pub(super) mod reports;
pub(super) mod sample;
pub(super) mod use_of_suggestions;
pub(super) mod work;

/// Makes one test per rule. `$open` is an async function returning a guard (a temporary folder, say) and the opened store; `optional` stands
/// before one that returns `None` where the store can't be tested, and says so itself.
macro_rules! contract_tests {
    (optional $open:path) => {
        $crate::store::contract::contract_tests! { @rules $open; }
    };
    ($open:path) => {
        async fn open_always() -> Option<(impl Sized, impl $crate::store::Store)> {
            Some($open().await)
        }
        $crate::store::contract::contract_tests! { @rules super::open_always; }
    };
    (@rules $open:path;) => {
        $crate::store::contract::contract_tests! { @each $open;
            archive: [
                a_new_conversation_is_stored_and_read_back,
                the_same_drafts_again_change_nothing,
                an_extended_conversation_adds_only_its_tail,
                repeated_texts_are_told_apart_by_occurrence,
                one_conversation_in_two_drafts_of_a_batch_is_merged_once,
                a_late_message_marks_only_its_conversation,
                messages_are_ordered_by_time_where_all_have_one,
                messages_without_time_stay_in_order_of_arrival,
                missing_fields_are_filled_and_lists_united,
                customer_keys_tell_customers_of_one_desk_apart,
                an_unknown_desk_takes_no_conversation,
                a_checkpoint_is_written_with_its_conversations,
                a_failed_checkpoint_leaves_no_conversations,
                concurrent_merges_of_one_conversation_lose_nothing,
                large_batches_are_merged_and_paged,
                mined_pairs_are_read_back,
                mining_clears_the_mark_unless_marked_again,
                only_differing_pairs_are_queued,
                changed_tags_queue_the_pairs_again,
                pairs_are_paged_by_kind,
                tasks_wait_until_acknowledged,
                a_subject_waits_once_and_a_newer_change_survives_an_old_acknowledgement,
                everything_can_be_queued_for_a_new_index,
                settings_of_the_installation_are_kept,
                every_read_is_confined_to_its_desk,
                counts_cover_one_desk,
            ],
            live: [
                conversations_are_live_until_they_are_closed,
                who_waits_is_known_from_the_messages,
                conversations_are_paged_by_activity,
                conversations_are_filtered,
                conversations_are_listed_within_their_desk,
                recent_messages_are_the_last_ones,
            ],
            knowledge: [
                only_changed_entries_are_written_and_queued,
                entries_of_another_desk_are_refused,
                every_change_of_an_entry_keeps_a_version,
                a_change_to_an_older_version_is_refused,
                changes_at_once_leave_one_winner_for_each_version,
                entries_are_found_by_state_tag_owner_language_and_words,
                entries_go_to_the_index_before_pairs,
            ],
            reports: [
                sets_are_counted_by_day_and_by_how_they_ended,
                waits_are_measured_from_the_first_message_that_waited,
            ],
            use_of_suggestions: [
                a_recorded_suggestion_is_found_with_its_desk,
                used_suggestions_come_page_by_page_with_what_was_asked,
                feedback_decays_by_half_in_ninety_days,
                one_suggestion_has_one_verdict,
                feedback_for_another_desk_is_refused,
                controls_are_kept_and_replaced,
                controls_are_paged_newest_first,
                controls_hold_for_their_answer_until_they_expire,
                controls_are_confined_to_their_desk,
            ],
            clusters: [
                clusters_are_read_back_with_their_questions,
                what_was_computed_from_an_older_state_is_not_written,
                clusters_are_filtered_sorted_and_paged,
                decisions_are_kept_and_know_which_stand,
                a_pair_that_goes_takes_its_place_along,
                clusters_are_confined_to_their_desk,
            ],
            gaps: [
                sets_that_held_nothing_of_use_are_found,
                decisions_about_gaps_outlive_the_ledger,
                gaps_are_confined_to_their_desk,
                what_agents_did_is_counted_by_entry_and_answer,
            ],
            learning: [
                showings_count_by_rank_and_only_where_somebody_looked,
                a_showing_is_taken_back_when_a_better_one_is_used,
                showings_decay_like_verdicts,
                edited_wordings_are_counted_by_conversation,
                a_wording_offered_and_taken_or_refused_is_counted,
                sets_without_a_conversation_may_all_be_of_one,
                an_answer_reported_outdated_is_withheld_until_restored,
                a_report_after_a_review_withholds_again_unless_kept_retired,
                retired_answers_are_paged_latest_first,
                live_values_come_back_to_their_desk_only,
                an_answer_reported_outdated_takes_along_what_it_stood_for,
                the_wordings_used_most_and_pinned_ones_are_looked_at,
                what_is_sent_in_other_words_was_edited,
            ],
            work: [
                desks_are_created_once_and_keep_their_settings,
                jobs_are_claimed_oldest_first_and_by_kind,
                two_workers_never_get_the_same_job,
                progress_results_and_errors_are_kept,
                a_queued_job_is_cancelled_at_once_and_a_running_one_is_asked,
                interrupted_jobs_are_queued_again_unless_cancelled,
                jobs_are_paged_newest_first,
                rejected_rows_come_in_file_order,
            ],
            leases: [
                a_job_is_taken_over_when_its_lease_has_run_out,
                a_job_that_is_taken_over_goes_on_at_its_checkpoint,
                whoever_has_lost_a_job_writes_nothing_about_it,
                an_ended_job_is_lent_to_nobody,
                somebody_asked_to_stop_reaches_whoever_takes_the_job_over,
                changes_of_the_index_are_claimed_by_one_at_a_time,
                claims_made_at_once_share_the_queue,
                what_was_written_late_is_written_again,
            ],
            people: [
                accounts_are_unique_by_name,
                a_new_password_ends_the_sessions_of_its_account,
                a_removed_account_is_gone_with_its_sessions,
                sessions_expire_and_end,
                api_keys_are_kept_and_withdrawn,
                widget_tokens_expire_and_are_forgotten,
            ],
        }
    };
    (@each $open:path; $($group:ident: [$($rule:ident,)+],)+) => {$(
        mod $group {
            $(
                #[tokio::test]
                async fn $rule() {
                    let Some((_guard, store)) = $open().await else { return };
                    $crate::store::contract::$group::$rule(&store).await;
                    $crate::store::Store::close(&store).await;
                }
            )+
        }
    )+};
}
pub(super) use contract_tests;
