//! Tests of actors.
