//! The HTTP interface through its real router.

mod starting;
