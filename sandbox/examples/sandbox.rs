//! Runs the sandbox on 127.0.0.1:9090 until Ctrl-C.

use rei_sandbox::{Config, Exposure, Sandbox, fal, kling, yookassa};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let sandbox = Sandbox::start(Config {
        addr: ([127, 0, 0, 1], 9090).into(),
        bot_token: "12345:sandbox".to_owned(),
        gemini_key: "sandbox".to_owned(),
        exposure: Exposure::Loopback,
    })
    .await?;
    println!("chat page      {}", sandbox.url(""));
    println!(
        "Telegram       {}  (token 12345:sandbox)",
        sandbox.url("telegram")
    );
    println!("Gemini         {}  (key sandbox)", sandbox.url("gemini"));
    println!(
        "Kling          {}  (key {})",
        sandbox.url("kling"),
        kling::API_KEY
    );
    println!(
        "fal            {}  (key {})",
        sandbox.url("fal"),
        fal::API_KEY
    );
    println!(
        "YooKassa       {}  (shop {}, key {})",
        sandbox.url("yookassa/v3"),
        yookassa::SHOP_ID,
        yookassa::SECRET_KEY
    );
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
