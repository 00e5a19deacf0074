//! The admin's commands, and who has them.

use super::Role;

/// A command that users do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdminCommand {
    Help,
    User,
    Jobs,
    Audit,
    Why,
    Providers,
    Add,
    Sub,
    Adjust,
    Refund,
    CancelJob,
    Replay,
    Caps,
    Ban,
    Unban,
    Cordon,
    Uncordon,
}

impl AdminCommand {
    /// Every command, in the order of the menu.
    pub const ALL: [AdminCommand; 17] = [
        AdminCommand::Help,
        AdminCommand::User,
        AdminCommand::Jobs,
        AdminCommand::Audit,
        AdminCommand::Why,
        AdminCommand::Providers,
        AdminCommand::Add,
        AdminCommand::Sub,
        AdminCommand::Adjust,
        AdminCommand::Refund,
        AdminCommand::CancelJob,
        AdminCommand::Replay,
        AdminCommand::Caps,
        AdminCommand::Ban,
        AdminCommand::Unban,
        AdminCommand::Cordon,
        AdminCommand::Uncordon,
    ];

    /// What is typed after the slash.
    pub fn name(self) -> &'static str {
        match self {
            AdminCommand::Help => "admin",
            AdminCommand::User => "admin_user",
            AdminCommand::Jobs => "admin_jobs",
            AdminCommand::Audit => "admin_audit",
            AdminCommand::Why => "admin_why",
            AdminCommand::Providers => "admin_providers",
            AdminCommand::Add => "add",
            AdminCommand::Sub => "sub",
            AdminCommand::Adjust => "admin_adjust",
            AdminCommand::Refund => "admin_refund",
            AdminCommand::CancelJob => "admin_cancel_job",
            AdminCommand::Replay => "admin_replay",
            AdminCommand::Caps => "admin_caps",
            AdminCommand::Ban => "ban",
            AdminCommand::Unban => "unban",
            AdminCommand::Cordon => "admin_cordon",
            AdminCommand::Uncordon => "admin_uncordon",
        }
    }

    /// Reads [`AdminCommand::name`] back, in any case.
    pub fn parse(name: &str) -> Option<AdminCommand> {
        Self::ALL
            .into_iter()
            .find(|command| command.name().eq_ignore_ascii_case(name))
    }

    /// The least role that has it.
    pub fn role(self) -> Role {
        match self {
            AdminCommand::Help
            | AdminCommand::User
            | AdminCommand::Jobs
            | AdminCommand::Audit
            | AdminCommand::Why
            | AdminCommand::Providers => Role::Support,
            AdminCommand::Add
            | AdminCommand::Sub
            | AdminCommand::Adjust
            | AdminCommand::Refund
            | AdminCommand::CancelJob
            | AdminCommand::Replay
            | AdminCommand::Caps
            | AdminCommand::Ban
            | AdminCommand::Unban
            | AdminCommand::Cordon
            | AdminCommand::Uncordon => Role::Admin,
        }
    }

    /// The commands of a role.
    pub fn of(role: Role) -> impl Iterator<Item = AdminCommand> {
        Self::ALL
            .into_iter()
            .filter(move |command| command.role() <= role)
    }
}
