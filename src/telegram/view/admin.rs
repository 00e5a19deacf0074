//! What admins see, and what users are told about what admins did.

use rei_actors::ports::view::{Button, Rendered};
use rei_domain::admin::{
    Act, ActCause, ActState, AdminCommand, AdminReply, Approval, Ban, Denied, Fault, JobLine,
    Order, Person, Press, Role, Shortfall, Standing, SumFault,
};
use rei_domain::audit::AuditLink;
use rei_domain::conversation::Tap;
use rei_domain::ids::UserId;
use rei_domain::ledger::caps::Caps;
use rei_domain::money::Money;
use rei_domain::refund::RefundRefusal;
use rei_domain::time::Moment;

use super::html::{TEXT_UNITS_MAX, escape, shorten, units};
use super::replies::plain;
use super::words::{Args, Words};

mod providers;

/// Characters of an audit entry's detail in a list.
const DETAIL_UNITS_MAX: usize = 200;

pub(super) fn render(words: Words<'_>, reply: &AdminReply) -> Rendered {
    match reply {
        AdminReply::Help { role } => plain(help(words, *role)),
        AdminReply::Usage { command, fault } => plain(usage(words, *command, *fault)),
        AdminReply::UserNotFound => plain(words.say("admin-no-user")),
        AdminReply::SubjectNotFound => plain(words.say("admin-no-subject")),
        AdminReply::JobNotFound => plain(words.say("admin-no-job")),
        AdminReply::JobNotWaiting { job, state } => {
            let args = Args::new()
                .text("job", job.as_str())
                .text("state", state.as_str());
            let key = if state.is_settled() {
                "admin-job-ended"
            } else {
                "admin-job-at-work"
            };
            plain(words.tell(key, args))
        }
        AdminReply::NothingToRefund { job, left } => {
            let args = Args::new()
                .text("job", job.as_str())
                .text("left", &words.money(*left));
            plain(words.tell("admin-nothing-to-refund", args))
        }
        AdminReply::NotReturnable(refusal) => plain(not_returnable(words, *refusal)),
        AdminReply::NotBanned => plain(words.say("admin-not-banned")),
        AdminReply::Denied(denied) => plain(denial(words, *denied)),
        AdminReply::NobodyToApprove => plain(words.say("admin-nobody-to-approve")),
        AdminReply::Card {
            act,
            before,
            reader,
        } => card(words, act, *before, *reader),
        AdminReply::Ended { act, cause } => plain(ended(words, act, *cause)),
        AdminReply::Told { order, reason } => plain(told(words, order, reason)),
        AdminReply::Person(person) => plain(portrait(words, person)),
        AdminReply::Jobs(jobs) => plain(listed_jobs(words, jobs)),
        AdminReply::Audit(entries) => plain(listed_entries(words, entries)),
        AdminReply::Why(story) => plain(providers::story(words, story)),
        AdminReply::Providers(lines) => plain(providers::list(words, lines)),
        AdminReply::ProviderNotFound { known } => {
            let args = Args::new().text("known", &known.join(", "));
            plain(words.tell("admin-no-provider", args))
        }
        AdminReply::NotCordoned => plain(words.say("admin-not-cordoned")),
        AdminReply::Replayed { user } => {
            let args = Args::new().text("user", &user.to_string());
            plain(words.tell("admin-replayed", args))
        }
        AdminReply::NotReplayable => plain(words.say("admin-not-replayable")),
        AdminReply::Banned(ban) => plain(banned(words, ban)),
    }
}

fn help(words: Words<'_>, role: Role) -> String {
    let mut lines = vec![words.say(match role {
        Role::User | Role::Support => "admin-help-support",
        Role::Admin => "admin-help-admin",
        Role::Owner => "admin-help-owner",
    })];
    for command in AdminCommand::of(role) {
        let form = words.say(form_key(command));
        let args = Args::new()
            .text("form", &form)
            .text("summary", &words.say(summary_key(command)));
        lines.push(words.tell("admin-help-command", args));
    }
    lines.join("\n")
}

/// What a command does, in a few words; also for Telegram's menu.
pub(in crate::telegram) fn summary_key(command: AdminCommand) -> &'static str {
    match command {
        AdminCommand::Help => "command-admin-help",
        AdminCommand::User => "command-admin-user",
        AdminCommand::Jobs => "command-admin-jobs",
        AdminCommand::Audit => "command-admin-audit",
        AdminCommand::Why => "command-admin-why",
        AdminCommand::Providers => "command-admin-providers",
        AdminCommand::Add => "command-admin-add",
        AdminCommand::Sub => "command-admin-sub",
        AdminCommand::Adjust => "command-admin-adjust",
        AdminCommand::Refund => "command-admin-refund",
        AdminCommand::CancelJob => "command-admin-cancel-job",
        AdminCommand::Replay => "command-admin-replay",
        AdminCommand::Caps => "command-admin-caps",
        AdminCommand::Ban => "command-admin-ban",
        AdminCommand::Unban => "command-admin-unban",
        AdminCommand::Cordon => "command-admin-cordon",
        AdminCommand::Uncordon => "command-admin-uncordon",
    }
}

/// How a command is typed.
fn form_key(command: AdminCommand) -> &'static str {
    match command {
        AdminCommand::Help => "admin-form-help",
        AdminCommand::User => "admin-form-user",
        AdminCommand::Jobs => "admin-form-jobs",
        AdminCommand::Audit => "admin-form-audit",
        AdminCommand::Why => "admin-form-why",
        AdminCommand::Providers => "admin-form-providers",
        AdminCommand::Add => "admin-form-add",
        AdminCommand::Sub => "admin-form-sub",
        AdminCommand::Adjust => "admin-form-adjust",
        AdminCommand::Refund => "admin-form-refund",
        AdminCommand::CancelJob => "admin-form-cancel-job",
        AdminCommand::Replay => "admin-form-replay",
        AdminCommand::Caps => "admin-form-caps",
        AdminCommand::Ban => "admin-form-ban",
        AdminCommand::Unban => "admin-form-unban",
        AdminCommand::Cordon => "admin-form-cordon",
        AdminCommand::Uncordon => "admin-form-uncordon",
    }
}

fn usage(words: Words<'_>, command: AdminCommand, fault: Fault) -> String {
    let fault = words.say(match fault {
        Fault::NoUser => "admin-fault-no-user",
        Fault::NotAUser => "admin-fault-not-a-user",
        Fault::Sum(SumFault::Missing) => "admin-fault-no-sum",
        Fault::Sum(SumFault::Unreadable) => "admin-fault-not-a-sum",
        Fault::Sum(SumFault::Ambiguous) => "admin-fault-ambiguous-sum",
        Fault::Sum(SumFault::TooFine) => "admin-fault-too-fine",
        Fault::Sum(SumFault::Zero) => "admin-fault-zero",
        Fault::Sum(SumFault::TooLarge) => "admin-fault-too-large",
        Fault::NoSign => "admin-fault-no-sign",
        Fault::NoSubject => "admin-fault-no-subject",
        Fault::NoProvider => "admin-fault-no-provider",
        Fault::NotAnId => "admin-fault-not-an-id",
        Fault::NotACap => "admin-fault-not-a-cap",
        Fault::TermTooLong => "admin-fault-term",
        Fault::NoReason => "admin-fault-no-reason",
        Fault::ReasonTooLong => "admin-fault-long-reason",
        Fault::NotAFilter => "admin-fault-filter",
        Fault::TooMuch => "admin-fault-too-much",
    });
    let form = words.say(form_key(command));
    let form = words.tell("admin-usage", Args::new().text("form", &form));
    format!("{fault}\n{form}")
}

fn not_returnable(words: Words<'_>, refusal: RefundRefusal) -> String {
    let sum = |amount: Money| Args::new().text("sum", &words.money(amount));
    match refusal {
        RefundRefusal::TooOld => words.say("admin-payment-too-old"),
        RefundRefusal::NothingLeft => words.say("admin-payment-spent"),
        RefundRefusal::MoreThanLeft { left } => words.tell("admin-payment-left", sum(left)),
        RefundRefusal::WholeOnly { whole, spent } => words.tell(
            "admin-payment-whole",
            sum(whole).text("spent", &words.money(spent)),
        ),
        RefundRefusal::TooSmall { min } => words.tell("admin-payment-small", sum(min)),
    }
}

fn denial(words: Words<'_>, denied: Denied) -> String {
    match denied {
        Denied::NotHis => words.say("admin-denied"),
        Denied::OwnersOnly => words.say("admin-denied-owners"),
        Denied::AboveLimit { limit } => {
            let args = Args::new().text("limit", &words.money(limit));
            words.tell("admin-denied-limit", args)
        }
    }
}

/// What an act does, in one line.
fn order_line(words: Words<'_>, order: &Order, user: UserId) -> String {
    let args = Args::new().text("user", &user.to_string());
    let sum = |args: Args<'static>, amount: Money| args.text("sum", &words.money(amount));
    match order {
        Order::Credit { amount } => words.tell("admin-act-credit", sum(args, *amount)),
        Order::Debit {
            amount,
            shortfall: Shortfall::Refuse,
        } => words.tell("admin-act-debit", sum(args, *amount)),
        Order::Debit {
            amount,
            shortfall: Shortfall::Owe,
        } => words.tell("admin-act-owe", sum(args, *amount)),
        Order::RefundJob { job, amount, .. } => {
            let args = sum(args, *amount).text("job", job.as_str());
            words.tell("admin-act-refund-job", args)
        }
        Order::RefundPayment { topup, amount } => {
            let args = sum(args, *amount).text("payment", topup.as_str());
            words.tell("admin-act-refund-payment", args)
        }
        Order::CancelJob { job, price } => {
            let args = sum(args, *price).text("job", job.as_str());
            words.tell("admin-act-cancel-job", args)
        }
        Order::SetCaps { caps } => {
            let args = args.text("caps", &caps_line(words, *caps));
            words.tell("admin-act-caps", args)
        }
        Order::Ban { until } => {
            let args = args.text("term", &term(words, *until));
            words.tell("admin-act-ban", args)
        }
        Order::Unban => words.tell("admin-act-unban", args),
    }
}

fn card(words: Words<'_>, act: &Act, before: Standing, reader: UserId) -> Rendered {
    let mut lines = vec![order_line(words, &act.order, act.user)];
    let after = act.order.after(before);
    let is_short = is_short(act, before);
    if after.available != before.available && !is_short {
        let args = Args::new()
            .text("before", &words.money(before.available))
            .text("after", &words.money(after.available));
        lines.push(words.tell("admin-card-available", args));
    }
    if before.owed != after.owed {
        let args = Args::new()
            .text("before", &words.money(before.owed))
            .text("after", &words.money(after.owed));
        lines.push(words.tell("admin-card-owed", args));
    }
    lines.push(reason_line(words, &act.reason));
    if is_short {
        let args = Args::new().text("available", &words.money(before.available));
        lines.push(words.tell("admin-card-short", args));
    }
    let until = Args::new().text("time", &moscow(act.expires_at));
    let is_asker = reader == act.asker;
    let (line, buttons) = match act.state {
        ActState::Asked => {
            let line = match act.approval {
                Approval::One => words.tell("admin-card-ask", until),
                Approval::Two => words.tell("admin-card-ask-two", until),
            };
            let buttons = vec![
                button(words, "button-act-confirm", act, Press::Allow),
                button(words, "button-act-drop", act, Press::Drop),
            ];
            (line, buttons)
        }
        _ if is_asker => {
            let line = words.tell("admin-card-waiting", until);
            let drop = button(words, "button-act-drop", act, Press::Drop);
            (line, vec![drop])
        }
        _ => {
            let asker = act.asker.to_string();
            let line = words.tell("admin-card-approve", until.text("asker", &asker));
            let buttons = vec![
                button(words, "button-act-approve", act, Press::Allow),
                button(words, "button-act-decline", act, Press::Drop),
            ];
            (line, buttons)
        }
    };
    lines.push(line);
    Rendered {
        html: lines.join("\n"),
        keyboard: vec![buttons],
    }
}

/// Whether the ledger would refuse it as things stand.
fn is_short(act: &Act, before: Standing) -> bool {
    match act.order {
        Order::Debit {
            amount,
            shortfall: Shortfall::Refuse,
        } => amount > before.available,
        _ => false,
    }
}

fn button(words: Words<'_>, key: &str, act: &Act, press: Press) -> Button {
    let tap = Tap::Act {
        act: act.id.clone(),
        nonce: act.nonce.clone(),
        press,
    };
    words.button(key, &tap)
}

fn ended(words: Words<'_>, act: &Act, cause: Option<ActCause>) -> String {
    let head = words.say(match act.state {
        ActState::Done => "admin-ended-done",
        ActState::Refused => "admin-ended-refused",
        ActState::Withdrawn => "admin-ended-withdrawn",
        ActState::Expired => "admin-ended-expired",
        ActState::Asked | ActState::Confirmed => "admin-ended-open",
    });
    let mut lines = vec![head];
    if let Some(cause) = cause {
        lines.push(match cause {
            ActCause::NotEnough { available } => {
                let args = Args::new().text("available", &words.money(available));
                words.tell("admin-cause-not-enough", args)
            }
            ActCause::MoreThanLeft { left } => {
                let args = Args::new().text("left", &words.money(left));
                words.tell("admin-cause-more-than-left", args)
            }
            ActCause::NotReturnable => words.say("admin-cause-not-returnable"),
            ActCause::JobMoved => words.say("admin-cause-job-moved"),
            ActCause::Ledger => words.say("admin-cause-ledger"),
        });
    }
    lines.push(order_line(words, &act.order, act.user));
    lines.push(reason_line(words, &act.reason));
    if let Some(approver) = act.approver {
        let args = Args::new()
            .text("asker", &act.asker.to_string())
            .text("approver", &approver.to_string());
        lines.push(words.tell("admin-ended-by-two", args));
    }
    lines.join("\n")
}

fn told(words: Words<'_>, order: &Order, reason: &str) -> String {
    let sum = |amount: Money| Args::new().text("sum", &words.money(amount));
    let head = match order {
        Order::Credit { amount } => words.tell("told-credit", sum(*amount)),
        Order::Debit {
            amount,
            shortfall: Shortfall::Refuse,
        } => words.tell("told-debit", sum(*amount)),
        Order::Debit {
            amount,
            shortfall: Shortfall::Owe,
        } => words.tell("told-owe", sum(*amount)),
        Order::RefundJob { amount, .. } => words.tell("told-refund-job", sum(*amount)),
        Order::RefundPayment { amount, .. } => words.tell("told-refund-payment", sum(*amount)),
        Order::CancelJob { price, .. } => words.tell("told-cancel-job", sum(*price)),
        Order::SetCaps { caps } => {
            let args = Args::new().text("caps", &caps_line(words, *caps));
            words.tell("told-caps", args)
        }
        Order::Ban { until } => {
            let args = Args::new().text("term", &term(words, *until));
            words.tell("told-ban", args)
        }
        Order::Unban => words.say("told-unban"),
    };
    let reason = reason_line(words, reason);
    format!("{head}\n{reason}")
}

fn banned(words: Words<'_>, ban: &Ban) -> String {
    let args = Args::new().text("term", &term(words, ban.until));
    let head = words.tell("banned", args);
    let reason = reason_line(words, &ban.reason);
    format!("{head}\n{reason}")
}

fn portrait(words: Words<'_>, person: &Person) -> String {
    let mut lines = Vec::new();
    let name = person.name.as_deref().map(|name| format!("@{name}"));
    let args = Args::new()
        .text("user", &person.user.to_string())
        .text("name", &name.unwrap_or_else(|| "—".to_owned()))
        .text("language", person.language.as_str())
        .text("since", &moscow(person.known_since));
    lines.push(words.tell("admin-user-head", args));
    let standing = person.standing;
    let args = Args::new()
        .text("available", &words.money(standing.available))
        .text("held", &words.money(standing.held))
        .number("holds", person.holds);
    lines.push(words.tell("admin-user-balance", args));
    if standing.owed > Money::ZERO {
        let args = Args::new().text("owed", &words.money(standing.owed));
        lines.push(words.tell("admin-user-owed", args));
    }
    let args = Args::new()
        .text("admin", &caps_line(words, person.caps_by_admin))
        .text("own", &caps_line(words, person.caps_by_user));
    lines.push(words.tell("admin-user-caps", args));
    if person.blocked_the_bot {
        lines.push(words.say("admin-user-blocked"));
    }
    if let Some(ban) = &person.ban {
        let args = Args::new()
            .text("term", &term(words, ban.until))
            .text("reason", &ban.reason);
        lines.push(words.tell("admin-user-banned", args));
    }
    lines.push(words.say("admin-user-jobs"));
    lines.extend(job_lines(words, &person.jobs));
    lines.push(words.say("admin-user-payments"));
    if person.payments.is_empty() {
        lines.push(words.say("admin-none"));
    }
    for payment in &person.payments {
        let args = Args::new()
            .text("id", payment.id.as_str())
            .text("sum", &words.money(payment.amount))
            .text("left", &words.money(payment.left))
            .text("time", &moscow(payment.at));
        lines.push(words.tell("admin-payment-line", args));
    }
    lines.join("\n")
}

fn listed_jobs(words: Words<'_>, jobs: &[JobLine]) -> String {
    let mut lines = vec![words.say("admin-jobs-title")];
    lines.extend(job_lines(words, jobs));
    lines.join("\n")
}

fn job_lines(words: Words<'_>, jobs: &[JobLine]) -> Vec<String> {
    if jobs.is_empty() {
        return vec![words.say("admin-none")];
    }
    let line = |job: &JobLine| {
        let args = Args::new()
            .text("id", job.id.as_str())
            .text("user", &job.user.to_string())
            .text("state", job.state.as_str())
            .text("sum", &words.money(job.price))
            .text("time", &moscow(job.created_at));
        let line = words.tell("admin-job-line", args);
        match &job.cause {
            Some(cause) => format!("{line} · {}", escape(cause)),
            None => line,
        }
    };
    jobs.iter().map(line).collect()
}

/// As many entries as fit into a message, the newest first.
fn listed_entries(words: Words<'_>, entries: &[AuditLink]) -> String {
    let mut html = words.say("admin-audit-title");
    if entries.is_empty() {
        html.push('\n');
        html.push_str(&words.say("admin-none"));
    }
    for link in entries {
        let entry = &link.entry;
        let args = Args::new()
            .text("seq", &link.seq.to_string())
            .text("time", &moscow(entry.at))
            .text("actor", &entry.actor.render())
            .text("via", entry.via.as_str())
            .text("action", &entry.action)
            .text("target", &entry.target)
            .text("outcome", entry.outcome.as_str())
            .text("detail", &shorten(&entry.detail, DETAIL_UNITS_MAX));
        let line = words.tell("admin-audit-line", args);
        if units(&html) + units(&line) + 1 > TEXT_UNITS_MAX {
            break;
        }
        html.push('\n');
        html.push_str(&line);
    }
    html
}

fn reason_line(words: Words<'_>, reason: &str) -> String {
    words.tell("admin-reason", Args::new().text("reason", reason))
}

fn caps_line(words: Words<'_>, caps: Caps) -> String {
    let cap = |cap: Option<Money>| match cap {
        Some(money) => words.money(money),
        None => words.say("admin-cap-default"),
    };
    let args = Args::new()
        .text("hour", &cap(caps.hour))
        .text("day", &cap(caps.day));
    words.tell("admin-caps", args)
}

fn term(words: Words<'_>, until: Option<Moment>) -> String {
    match until {
        Some(until) => words.tell("admin-term", Args::new().text("time", &moscow(until))),
        None => words.say("admin-term-open"),
    }
}

/// Day, hour and minute in Moscow: `27.03.2026 17:05`.
fn moscow(moment: Moment) -> String {
    let offset = rei_domain::ledger::caps::DAY_OFFSET;
    let local = chrono::DateTime::from_timestamp_micros((moment + offset).0);
    match local {
        Some(local) => local.format("%d.%m.%Y %H:%M").to_string(),
        None => "—".to_owned(),
    }
}
