//! Decides: pure rules of money, jobs and conversations.
