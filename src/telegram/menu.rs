//! The command menu beside the input field, in every language of the bot.

use rei_actors::ports::commands::Commands;
use rei_actors::ports::messenger::MessengerError;
use rei_domain::admin::{Role, Roster};
use rei_domain::conversation::Language;
use serde::de::IgnoredAny;
use teloxide_core::payloads::SetMyCommands;
use teloxide_core::types::{BotCommand, BotCommandScope, ChatId, Recipient};

use super::call::BotApi;
use super::messenger::classify;

/// Languages of clients that see the Russian menu: those the bot answers in Russian
/// (`Language::from_tag`). All others see the English one.
const READ_RUSSIAN: [&str; 9] = ["ru", "be", "uk", "kk", "ky", "uz", "tg", "hy", "az"];

/// Publishes the menu for private chats. Publishing the same menu again changes nothing.
pub async fn publish_menu(api: &BotApi, commands: &dyn Commands) -> Result<(), MessengerError> {
    publish(api, commands, Language::English, None).await?;
    for code in READ_RUSSIAN {
        publish(api, commands, Language::Russian, Some(code)).await?;
    }
    Ok(())
}

/// Publishes the menus of those who have more commands, each in his own chat alone. A person
/// who never wrote to the bot has no chat: he sees everybody's menu until the next start.
pub async fn publish_menus_of(api: &BotApi, commands: &dyn Commands, roster: &Roster) {
    for user in roster.from_role(Role::Support) {
        let role = roster.role(user);
        let scope = BotCommandScope::Chat {
            chat_id: Recipient::Id(ChatId(user.0)),
        };
        for (language, code) in [(Language::English, None), (Language::Russian, Some("ru"))] {
            let menu = commands.menu_of(language, role);
            if let Err(error) = set(api, menu, scope.clone(), code).await {
                tracing::debug!(%error, "the menu of an admin is not published");
            }
        }
    }
}

async fn publish(
    api: &BotApi,
    commands: &dyn Commands,
    language: Language,
    code: Option<&str>,
) -> Result<(), MessengerError> {
    let menu = commands.menu(language);
    set(api, menu, BotCommandScope::AllPrivateChats, code).await
}

async fn set(
    api: &BotApi,
    menu: Vec<(String, String)>,
    scope: BotCommandScope,
    code: Option<&str>,
) -> Result<(), MessengerError> {
    let menu = menu.into_iter();
    let mut call = SetMyCommands::new(menu.map(|(name, what)| BotCommand::new(name, what)));
    call.scope = Some(scope);
    call.language_code = code.map(str::to_owned);
    let set = api.call::<IgnoredAny, _>(&call).await;
    set.map(|_| ()).map_err(classify)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::fake::{Reply, Telegram};
    use rei_actors::ports::commands::CommandAction;
    use rei_domain::ids::UserId;
    use serde_json::json;

    struct OneCommand;

    impl Commands for OneCommand {
        fn action(&self, _: &str, _: &str) -> Option<CommandAction> {
            None
        }

        fn menu(&self, language: Language) -> Vec<(String, String)> {
            let what = match language {
                Language::Russian => "помощь",
                Language::English => "help",
            };
            vec![("help".into(), what.into())]
        }

        fn menu_of(&self, language: Language, role: Role) -> Vec<(String, String)> {
            let mut menu = self.menu(language);
            menu.push((format!("{role:?}").to_lowercase(), "more".into()));
            menu
        }
    }

    #[tokio::test]
    async fn every_client_sees_the_menu_in_the_language_the_bot_answers_in() {
        let replies = (0..=READ_RUSSIAN.len()).map(|_| Reply::ok(json!(true)));
        let telegram = Telegram::start(replies).await;
        publish_menu(&telegram.api(), &OneCommand).await.unwrap();
        for (method, body) in telegram.taken() {
            assert_eq!(method, "SetMyCommands");
            assert_eq!(body["scope"], json!({"type": "all_private_chats"}));
            let code = body.get("language_code").and_then(|code| code.as_str());
            let language = code.map_or(Language::English, |code| Language::from_tag(Some(code)));
            let what = &OneCommand.menu(language)[0].1;
            let expected = json!([{"command": "help", "description": what}]);
            assert_eq!(body["commands"], expected, "{code:?}");
        }
    }

    #[tokio::test]
    async fn whoever_has_more_commands_sees_them_in_his_own_chat_alone() {
        let replies = (0..4).map(|_| Reply::ok(json!(true)));
        let telegram = Telegram::start(replies).await;
        let roster = Roster {
            owners: vec![UserId(1)],
            admins: Vec::new(),
            supports: vec![UserId(3)],
        };
        publish_menus_of(&telegram.api(), &OneCommand, &roster).await;
        let seen: Vec<_> = telegram
            .taken()
            .into_iter()
            .map(|(_, body)| {
                let last = body["commands"][1]["command"].clone();
                (body["scope"]["chat_id"].clone(), last)
            })
            .collect();
        let owner = (json!(1), json!("owner"));
        let support = (json!(3), json!("support"));
        assert_eq!(seen, [owner.clone(), owner, support.clone(), support]);
    }

    #[tokio::test]
    async fn a_failing_menu_says_what_telegram_said() {
        let telegram = Telegram::start([Reply::error(401, "Unauthorized")]).await;
        let error = publish_menu(&telegram.api(), &OneCommand)
            .await
            .unwrap_err();
        assert_eq!(error, MessengerError::Broken("Unauthorized".into()));
    }
}
