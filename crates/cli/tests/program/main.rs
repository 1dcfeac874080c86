//! Tests of the program as people meet it: a process with arguments, signals and two outputs.
//!
//! The program under test needs actors, so it is this file itself: started with `AS_PROGRAM` in the
//! environment it is the program, otherwise it runs the tests.

// A test may panic; clippy knows tests only by their attribute.
#![allow(clippy::unwrap_used)]

mod actors;
mod command_line;
mod ending;
mod explain;
mod logs;
mod process;
mod replay;
mod running;
mod tools;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

type Test = (&'static str, fn());

/// Lists tests by their names.
macro_rules! tests {
    ($($module:ident :: $test:ident),* $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($test)), $module::$test)),*]
    };
}

const TESTS: &[Test] = tests![
    command_line::without_a_command_the_help_is_shown,
    command_line::a_wrong_option_is_answered_with_the_right_one,
    command_line::check_reports_all_mistakes_of_all_files,
    command_line::check_runs_nothing,
    explain::check_warns_of_requests_without_an_answer,
    explain::run_warns_once,
    explain::a_flow_is_explained_for_people_and_as_data,
    explain::a_stall_is_explained,
    explain::a_stall_of_nobody_is_refused,
    command_line::actors_are_listed_by_their_purpose,
    command_line::an_actor_has_a_manual,
    command_line::actors_are_found_by_words_and_purposes,
    command_line::nobody_reading_is_no_error,
    running::a_flow_whose_sources_end_exits_with_0,
    running::several_files_run_side_by_side,
    running::a_setting_of_the_command_line_is_used,
    running::a_wrong_file_keeps_all_from_running,
    running::an_actor_that_cannot_start_is_shown_in_its_file,
    running::what_keeps_a_flow_from_starting_is_a_record_of_a_log_of_json,
    ending::a_signal_lets_what_is_under_way_finish,
    ending::an_interrupt_is_a_signal_too,
    ending::two_signals_at_once_are_one,
    ending::counters_are_told_to_who_asks_and_at_the_end,
    ending::a_process_whose_threads_are_stuck_ends_as_well,
    ending::a_second_signal_ends_at_once,
    ending::a_flow_that_stops_by_itself_waits_for_no_other,
    ending::a_flow_that_stopped_by_itself_makes_the_program_fail,
    replay::letters_go_where_they_are_wanted_and_only_once,
    replay::what_fails_again_is_a_letter_again,
    replay::what_dies_again_into_a_file_that_comes_later_is_not_sent_again,
    replay::a_signal_ends_more_than_the_file_at_hand,
    replay::letters_of_one_event_are_told_apart,
    replay::nothing_is_sent_that_could_not_be_noted,
    replay::letters_are_chosen_by_kind_actor_and_time,
    replay::what_cannot_be_sent_is_told_and_the_rest_is_sent,
    replay::several_files_are_sent_one_after_the_other,
    replay::a_target_that_is_none_is_refused,
    logs::a_line_of_the_log_names_flow_actor_and_meta_id,
    logs::json_is_one_object_a_line,
    logs::the_level_hides_what_is_below_it,
    logs::a_panic_is_a_line_of_the_log,
    tools::check_writes_json,
    tools::check_writes_sarif,
    tools::fmt_changes_what_is_uneven_and_leaves_what_it_cannot_keep,
    tools::the_schema_knows_actors_of_ones_own,
    tools::a_new_flow_runs_at_once,
    tools::new_overwrites_nothing_and_checks_the_name,
    tools::shells_and_man_know_the_command_line,
];

fn main() -> ExitCode {
    if std::env::var_os("AS_PROGRAM").is_some() {
        return compysition_cli::main(actors::registry());
    }
    let filter = std::env::args()
        .skip(1)
        .find(|arg| !arg.starts_with('-'))
        .unwrap_or_default();
    let mut failed = 0;
    for (name, test) in TESTS.iter().filter(|(name, _)| name.contains(&filter)) {
        let passed = catch_unwind(AssertUnwindSafe(test)).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += u8::from(!passed);
    }
    ExitCode::from(failed)
}
