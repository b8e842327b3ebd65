//! The HTTP interface through its real router.

mod access;
mod adapting;
mod clusters;
mod controls;
mod curation;
mod document;
mod entries;
mod entry_files;
mod explaining;
mod feedback;
mod imports;
mod isolation;
mod knowledge;
mod live;
mod metrics;
mod privacy;
mod reports;
mod requests;
mod sessions;
mod silence;
mod starting;
mod suggesting;
mod watching;
mod widgets;
mod worklists;
