//! What the promises share: a house with the sandbox around it, on either database.

pub mod house;
pub mod pictures;
#[path = "../src/store/fixtures/postgres.rs"]
pub mod postgres;
pub mod process;
pub mod rows;
