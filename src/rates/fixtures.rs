//! A Redis for tests: throw-away servers of the installed program, which end with the process.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// Serves a Redis, tells its process id, and takes it away again when standard input ends: that
/// is when the process is gone, however it went.
const SERVE: &str = r#"
set -e
folder=$(mktemp -d /tmp/rei-test-redis.XXXXXX)
redis-server --port "$1" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder" \
    >"$folder/redis.log" 2>&1 </dev/null &
server=$!
until [ "$(redis-cli -h 127.0.0.1 -p "$1" ping 2>/dev/null)" = PONG ]; do
    kill -0 "$server"
    sleep 0.02
done
echo "$server"
set +e
cat >/dev/null
kill -KILL "$server"
wait "$server"
rm -rf "$folder"
"#;

/// A server, or the place where one was and can be again.
pub struct RedisServer {
    port: u16,
    running: Option<Running>,
}

struct Running {
    shell: Child,
    server: u32,
}

impl RedisServer {
    /// An empty server.
    pub fn start() -> RedisServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut server = RedisServer {
            port,
            running: None,
        };
        server.start_again();
        server
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it; what it held is gone.
    pub fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.shell.stdin.take());
            running.shell.wait().unwrap();
        }
    }

    /// Starts an empty server at the same place.
    pub fn start_again(&mut self) {
        self.stop();
        let mut shell = Command::new("sh")
            .args(["-c", SERVE, "serve", &self.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let output = shell.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut said).unwrap();
        let server = said
            .trim()
            .parse()
            .expect("tests need Redis: install the Debian packages redis-server and redis-tools");
        self.running = Some(Running { shell, server });
    }

    /// Lets it answer nothing, as a network or a disk that hangs does.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it answer again.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Asks it something, `redis-cli`'s way.
    pub fn ask(&self, words: &[&str]) -> String {
        let answer = Command::new("redis-cli")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(words)
            .output()
            .unwrap();
        String::from_utf8(answer.stdout).unwrap().trim().to_owned()
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().expect("it runs");
        let kill = Command::new("kill")
            .args([signal, &running.server.to_string()])
            .status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}
