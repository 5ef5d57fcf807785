//! The suite that every engine must pass: each case is one sentence of the contract on [`crate::Store`].
//!
//! An engine runs all of it from its tests with one line, [`crate::conformance_suite!`]; each case is a test of its
//! own, on an empty store.

pub mod aggregate;
pub mod append;
pub mod archive;
pub mod assessment;
pub mod build;
pub mod catalog;
pub mod changes;
pub mod delete;
pub mod experiment;
pub mod explore;
pub mod find;
pub mod lifecycle;
pub mod link;
pub mod logs;
pub mod metrics;
pub mod order;
pub mod prices;
pub mod read;
pub mod renormalize;
pub mod start;
pub mod tag;
pub mod tree;
pub mod versions;
mod wire;

use crate::{Catalog, Store, StoreResult, StoredSpan};
use futures_util::TryStreamExt;
use spanwise_model::{ErrorKind, TraceId};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// How long a case may take: it waits for what a store tells, which may never come.
pub const CASE_TIME_MAX: Duration = Duration::from_secs(120);

/// An empty store to test.
pub struct TestStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The same as a catalog.
    pub catalog: Arc<dyn Catalog>,
    /// What must live as long as the store, such as the folder that it is in.
    pub guard: Box<dyn Any + Send + Sync>,
}

/// Makes one test of each case.
///
/// `$make` is an async function without arguments that returns a [`TestStore`](conformance::TestStore). The tests
/// run on tokio, which the engine's crate must have as a dependency, with its timers.
#[macro_export]
macro_rules! conformance_suite {
    ($make:path) => {
        $crate::conformance_tests! { $make;
            aggregate: {
                traces_are_measured
                spans_are_measured
                measures_are_of_their_time
                measures_are_of_the_filter
                assessments_are_measured
            }
            append: {
                new_spans_make_a_trace
                a_batch_holds_several_traces
                the_root_decides_the_state
                an_ended_state_stays
                the_same_span_again_changes_nothing
                a_later_arrival_replaces
                an_open_span_never_replaces_a_closed_one
                only_the_topmost_usage_counts
                parents_in_a_circle_are_survived
                late_spans_leave_a_finalized_trace_alone
                late_usage_counts_unless_the_client_gave_it
                absurd_values_are_survived
                odd_texts_come_back
                a_root_links_its_trace_to_the_run
                orphans_make_a_trace
            }
            archive: {
                a_trace_of_spans_is_restored
                an_open_trace_is_restored
                a_trace_with_replaced_spans_is_restored
                a_finalized_trace_is_restored
                a_trace_with_a_short_record_is_restored
                a_trace_without_spans_is_restored
                names_and_tags_that_were_set_are_restored
                assessments_are_restored
                a_taken_assessment_id_is_refused_whole
                links_are_restored
                an_old_archive_takes_nothing_back
                a_trace_is_restored_in_the_experiment_named
            }
            assessment: {
                assessments_come_back_as_created
                ids_of_assessments_are_unique
                an_assessment_can_be_changed
                a_change_of_another_kind_is_refused
                an_assessment_can_override_another
                deleting_an_assessment_may_be_repeated
                assessments_move_with_their_trace
            }
            changes: {
                a_feed_begins_now
                every_change_is_told
                a_failed_write_is_not_told
                a_waiting_reader_is_woken
                a_reader_follows_from_position_to_position
                an_unknown_position_was_missed
            }
            delete: {
                traces_are_deleted_by_id
                traces_are_deleted_by_time
                nothing_of_a_deleted_trace_is_left
                spans_sent_again_after_a_delete_are_new
                a_cursor_survives_the_delete_of_its_trace
                many_traces_are_deleted
            }
            experiment: {
                the_default_experiment_exists
                a_created_experiment_is_found
                names_are_unique
                ensured_experiments_are_limited
                an_experiment_can_be_renamed
                an_experiment_can_be_deleted_and_restored
                a_deleted_experiment_refuses_writes
                experiment_tags_can_be_changed
                an_unknown_experiment_is_not_found
                redaction_rules_are_kept
                experiments_are_filtered
                experiments_are_ordered_and_paged
            }
            explore: {
                a_histogram_sums_the_selection
                buckets_of_a_histogram_are_round_and_contiguous
                a_histogram_is_of_its_range_and_filter
                a_histogram_of_nothing_is_empty
                a_histogram_survives_odd_times
                facets_count_every_field
                facets_are_of_the_selection
                values_of_facets_are_limited_and_searched
                facets_forget_replaced_spans
                sessions_sum_their_traces
                sessions_are_of_the_selection
                sessions_are_paged_while_traces_arrive
                sessions_survive_absurd_values
                activity_counts_visible_traces
            }
            find: {
                traces_are_found_by_their_fields
                traces_are_found_by_tags_and_metadata
                traces_are_found_by_their_spans
                traces_are_found_by_assessments
                traces_are_ordered_and_paged
                a_page_has_whole_records
                only_the_experiments_asked_for_are_searched
                a_cursor_stays_valid_while_traces_arrive
                a_search_sees_what_was_just_written
            }
            lifecycle: {
                writes_to_one_trace_are_serialised
                concurrent_duplicates_are_stored_once
                one_of_many_creates_an_experiment
                a_failing_write_fails_alone
                figures_and_check_agree_with_what_was_written
                a_closed_store_refuses_writes
            }
            link: {
                traces_are_linked_to_runs
                traces_are_linked_to_prompts
            }
            logs: {
                logs_come_back_with_their_span
                the_same_record_again_changes_nothing
                a_trace_of_only_logs_is_not_found
                a_trace_of_only_logs_becomes_visible
            }
            metrics: {
                traces_are_added_up_over_time
                calls_are_added_up_by_model
                duplicates_are_added_up_once
                a_late_span_moves_its_trace
                a_replaced_span_is_taken_back
                a_late_wrapper_counts_in_place_of_its_calls
                metrics_follow_a_trace_to_its_experiment
                a_final_record_is_what_counts
                a_trace_of_only_logs_is_not_added_up
                deleted_traces_leave_no_metrics
                restored_traces_are_added_up
                a_refused_write_is_not_added_up
                metrics_are_of_the_filter
                groups_are_limited
                borders_are_whole_quarters_of_an_hour
                absurd_values_are_added_up
            }
            order: {
                spans_may_come_in_any_order
                usage_counts_alike_in_every_order
                calls_lend_texts_to_a_root_without_any
                a_root_says_more_than_what_is_lent
                a_client_says_more_than_what_is_lent
                without_a_root_the_earliest_span_decides
                a_span_with_a_remote_parent_stands_in
                a_late_root_takes_over_from_what_stood_in
                of_several_roots_the_earliest_decides
                an_explicit_experiment_wins_over_a_derived_one
                of_two_explicit_experiments_the_roots_wins
                the_final_record_may_come_at_any_time
            }
            prices: {
                overrides_can_be_set_and_removed
                lists_can_be_changed
            }
            read: {
                an_unknown_trace_is_not_found
                several_records_come_in_the_order_asked
                spans_come_back_in_order_byte_for_byte
                a_trace_without_spans_streams_nothing
                a_large_trace_comes_in_chunks
                a_large_span_comes_back
                a_stream_may_be_left_or_overtaken
            }
            renormalize: {
                what_bytes_say_is_derived_again
                what_clients_set_is_not_derived
                only_the_scope_is_derived_again
                work_that_nobody_wants_ends
            }
            start: {
                a_final_record_makes_a_trace
                a_second_final_record_overwrites_and_merges
                a_final_record_may_be_repeated
                a_final_record_moves_the_trace
                an_assessment_of_the_record_overrides
                a_record_with_a_taken_assessment_id_is_refused_whole
            }
            tag: {
                trace_tags_can_be_changed
                a_set_tag_stays
                the_name_is_set_as_a_tag
            }
            tree: {
                a_tree_holds_every_span
                failed_spans_are_counted
                a_tree_is_in_the_order_of_its_spans
                a_tree_holds_the_last_word
                a_tree_says_which_usage_counts
                a_tree_of_circles_is_survived
                a_tree_of_nothing
                some_spans_come_in_the_order_asked
            }
            versions: {
                traces_of_versions_are_added_up
                feedback_counts_once_a_trace
                versions_are_of_the_selection
            }
        }
    };
}

/// Makes the tests that [`conformance_suite!`] lists.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($make:path; $($subject:ident: { $($case:ident)* })*) => {
        $(mod $subject {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let made = $make().await;
                let case = $crate::conformance::$subject::$case(&*made.store);
                match tokio::time::timeout($crate::conformance::CASE_TIME_MAX, case).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => panic!("{error:?}"),
                    Err(_) => panic!("the case did not end"),
                }
            })*
        })*
    };
}

/// Reads all spans of a trace.
async fn read_all(store: &dyn Store, trace: &TraceId) -> StoreResult<Vec<StoredSpan>> {
    let chunks: Vec<_> = store.read_spans(trace).await?.try_collect().await?;
    Ok(chunks.into_iter().flatten().collect())
}

#[track_caller]
fn assert_fails<T>(result: StoreResult<T>, kind: ErrorKind) {
    match result {
        Ok(_) => panic!("expected {kind:?}, but it was done"),
        Err(error) => assert_eq!(error.kind(), kind, "{error:?}"),
    }
}
