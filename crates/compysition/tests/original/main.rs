//! What the Python original did, and must go on to do, a module for each of its behaviours; and its faults, which
//! must not come back.
//!
//! Whole flows over HTTP show the rest (`tests/flows`, run by `tests/program/flows.rs`):
//!
//! | behaviour | shown by |
//! |---|---|
//! | 6: bodies of answers | `enveloped`, `accepts`, `failed` |
//! | 11: errors as a normal outcome | `authenticated` |
//! | 12: what is printed goes on | `generated`, and `stdout.rs` of the actors |
//!
//! | fault | shown by |
//! |---|---|
//! | a client waits for ever for what was lost, purged or not converted | `unanswered` |
//! | a second answer is a `TypeError` | `unanswered`, and `the_first_answer_counts_and_later_ones_are_counted` |
//! | the order is lost | `a_chain_keeps_the_order_and_ends_by_itself` in `flow.rs` of core |
//! | a full cycle locks | `cycles.rs` of core |
//! | headers of authentication | `authenticated` |
//! | a bad schema turns the check off | `mistakes_in_a_schema_stop_the_start` in `json_schema.rs` of the crate json |
//! | plain text is wrapped as JSON | `enveloped` |
#![cfg(feature = "full")]
#![allow(clippy::unwrap_used)]

mod behaviour_01_ids;
mod behaviour_02_names_of_queues;
mod behaviour_03_defaults_at_the_start;
mod behaviour_04_rescue;
mod behaviour_05_statuses;
mod behaviour_07_xml_and_json;
mod behaviour_08_router;
mod behaviour_09_join;
mod behaviour_10_xpath;
mod faults_of_actors;
mod faults_of_the_engine;
mod support;
mod table;
