//! The suite of the catalog: each case is one sentence of the contract on a trait of [`crate::catalog`].

pub mod dataset;
pub mod import;
pub mod issue;
pub mod label_schema;
pub mod logged_model;
pub mod registry;
pub mod review_queue;
pub mod review_work;
pub mod run;
pub mod scorer;
pub mod scoring;
pub mod webhook;

/// Makes one test of each case, as [`conformance_suite!`](crate::conformance_suite) does.
#[macro_export]
macro_rules! catalog_conformance_suite {
    ($make:path) => {
        $crate::catalog_conformance_tests! { $make;
            dataset: {
                a_created_dataset_is_found
                datasets_are_filtered_and_paged
                a_dataset_belongs_to_experiments
                records_with_the_same_inputs_are_merged
                records_are_deleted_and_paged
                every_version_of_the_records_stays
                a_schema_tells_the_types_of_fields
                a_deleted_dataset_leaves_nothing
                a_record_is_replaced_unless_it_changed
                changes_tell_when_by_whom_and_how_many
                a_merge_in_parts_is_one_change
                versions_are_compared
                records_are_found_by_their_text
            }
            import: {
                an_experiment_keeps_its_id_where_it_can
                a_run_is_taken_over_as_it_is
                a_dataset_is_taken_over_as_it_is
                versions_keep_their_numbers
            }
            logged_model: {
                a_created_model_is_found
                a_model_can_be_changed_and_deleted
                metrics_of_a_model_are_kept_by_dataset
                models_are_filtered_ordered_and_paged
            }
            registry: {
                a_created_model_is_found
                a_created_version_is_found
                a_version_of_a_version_has_its_files
                a_version_of_a_logged_model_has_its_files_and_run
                descriptions_can_be_changed
                a_model_can_be_renamed
                a_model_can_be_deleted
                a_deleted_version_keeps_its_number
                an_alias_stands_for_one_version
                versions_have_stages
                tags_of_models_can_be_changed
                models_are_searched
                versions_are_searched
            }
            issue: {
                a_created_issue_is_found
                an_issue_needs_an_active_experiment
                an_issue_can_be_changed
                issues_are_filtered_ordered_and_paged
            }
            label_schema: {
                a_created_question_is_found
                names_of_questions_are_unique
                every_experiment_has_a_default_question
                a_question_can_be_changed
                a_question_can_be_deleted
            }
            review_queue: {
                a_created_queue_is_found
                names_of_queues_differ_by_more_than_case
                every_user_may_have_a_queue
                queues_are_found_by_user_and_trace
                a_queue_can_be_changed_until_it_is_filled
                traces_are_reviewed
                traces_that_are_not_there_can_t_be_reviewed
                a_deleted_trace_leaves_its_queues
            }
            review_work: {
                traces_are_added_and_counted
                two_reviewers_never_hold_the_same_trace
                a_trace_is_held_for_a_while
                work_ends_in_three_ways
                what_a_reviewer_did_can_be_taken_back
                a_second_opinion_can_be_given
                progress_is_counted
                answers_of_people_are_found
                a_deleted_trace_takes_its_work_along
            }
            run: {
                a_created_run_is_found
                a_run_needs_an_active_experiment
                a_run_can_be_changed
                a_run_can_be_deleted_and_restored
                runs_follow_their_experiment
                a_deleted_run_refuses_writes
                the_latest_value_of_a_metric_is_kept
                a_history_is_read_page_by_page
                a_metric_is_sampled
                parameters_do_not_change
                a_log_is_taken_whole_or_not_at_all
                tags_of_runs_can_be_changed
                a_tag_can_hold_a_list
                inputs_and_outputs_are_kept_once
                runs_are_filtered
                runs_are_ordered_and_paged
            }
            scorer: {
                versions_of_a_scorer_are_counted
                scorers_are_listed_by_experiment
                versions_are_deleted_one_by_one
                online_scoring_is_kept_by_scorer
            }
            scoring: {
                scorers_are_started_and_stopped
                arrivals_are_noted_once
                traces_settle
                scores_are_stored_and_counted
                deleted_traces_are_not_scored
                a_backfill_is_advanced_until_it_is_done
                a_backfill_can_be_cancelled
            }
            webhook: {
                a_created_webhook_is_found
                a_webhook_can_be_changed
                webhooks_are_listed
                a_webhook_can_be_deleted
                a_change_is_queued_for_who_wants_it
                a_failed_attempt_is_due_again
                busy_webhooks_wait
                each_change_of_a_prompt_has_its_event
                each_change_of_a_model_has_its_event
            }
        }
    };
}

/// Makes the tests that [`catalog_conformance_suite!`] lists.
#[doc(hidden)]
#[macro_export]
macro_rules! catalog_conformance_tests {
    ($make:path; $($subject:ident: { $($case:ident)* })*) => {
        $(mod $subject {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let made = $make().await;
                let case = $crate::conformance::catalog::$subject::$case(&made);
                match tokio::time::timeout($crate::conformance::CASE_TIME_MAX, case).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => panic!("{error:?}"),
                    Err(_) => panic!("the case did not end"),
                }
            })*
        })*
    };
}
