//! The methods of the Bot API: one table, and the families behind it.
//!
//! Every method looks first and acts last, under one lock: a refused call has changed nothing.
//! `getUpdates` waits and so is not here; see `polling`.

mod answering;
mod deleting;
mod editing;
mod files;
mod paying;
mod profile;
mod receiving;
mod sending;
mod words;

use serde_json::{Value, json};

use super::error::ApiError;
use super::params::Params;
use super::state::State;

/// What a call answers, with the sentence some methods add.
#[derive(Debug)]
pub struct Success {
    pub result: Value,
    pub description: Option<&'static str>,
}

impl Success {
    /// A result alone.
    pub fn of(result: Value) -> Success {
        Success {
            result,
            description: None,
        }
    }

    /// `true`, as most methods without an object answer.
    pub fn done() -> Success {
        Success::of(json!(true))
    }

    fn described(description: &'static str) -> Success {
        Success {
            result: json!(true),
            description: Some(description),
        }
    }
}

pub use receiving::set_allowed_updates;

type Method = fn(&mut State, &Params) -> Result<Success, ApiError>;

/// The methods, by their names in lower case.
const METHODS: &[(&str, Method)] = &[
    ("answercallbackquery", answering::answer_callback_query),
    ("answerprecheckoutquery", paying::answer_pre_checkout_query),
    ("copymessage", sending::copy_message),
    ("createinvoicelink", paying::create_invoice_link),
    ("deletemessage", deleting::delete_message),
    ("deletemessages", deleting::delete_messages),
    ("deletemycommands", profile::delete_my_commands),
    ("deletewebhook", receiving::delete_webhook),
    ("editmessagecaption", editing::edit_message_caption),
    ("editmessagemedia", editing::edit_message_media),
    ("editmessagereplymarkup", editing::edit_message_reply_markup),
    ("editmessagetext", editing::edit_message_text),
    ("getchat", profile::get_chat),
    ("getchatmenubutton", profile::get_chat_menu_button),
    ("getfile", files::get_file),
    ("getme", profile::get_me),
    ("getmycommands", profile::get_my_commands),
    ("getmydescription", profile::get_my_description),
    ("getmyname", profile::get_my_name),
    ("getmyshortdescription", profile::get_my_short_description),
    ("getmystarbalance", paying::get_my_star_balance),
    ("getstartransactions", paying::get_star_transactions),
    ("getwebhookinfo", receiving::get_webhook_info),
    ("pinchatmessage", deleting::pin_chat_message),
    ("refundstarpayment", paying::refund_star_payment),
    ("sendanimation", sending::send_animation),
    ("sendchataction", answering::send_chat_action),
    ("senddocument", sending::send_document),
    ("sendmediagroup", sending::send_media_group),
    ("sendmessage", sending::send_message),
    ("sendphoto", sending::send_photo),
    ("sendvideo", sending::send_video),
    ("setchatmenubutton", profile::set_chat_menu_button),
    ("setmycommands", profile::set_my_commands),
    ("setmydescription", profile::set_my_description),
    ("setmyname", profile::set_my_name),
    ("setmyshortdescription", profile::set_my_short_description),
    ("setwebhook", receiving::set_webhook),
    ("unpinallchatmessages", deleting::unpin_all_chat_messages),
    ("unpinchatmessage", deleting::unpin_chat_message),
];

/// Does a call. The method's name is in lower case.
pub fn call(state: &mut State, method: &str, params: &Params) -> Result<Success, ApiError> {
    let found = METHODS.iter().find(|(name, _)| *name == method);
    let (_, method) = found.ok_or_else(ApiError::method_not_found)?;
    method(state, params)
}

/// Whether a webhook may order this call in its answer (Bot API, "Making requests when
/// getting updates").
pub fn may_be_an_answer(method: &str) -> bool {
    let about_the_connection = ["setwebhook", "deletewebhook", "close", "logout"];
    !method.starts_with("get") && !about_the_connection.contains(&method)
}
