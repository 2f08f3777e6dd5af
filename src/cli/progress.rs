//! One line on a terminal for runs that take their time, wiped before anything else is said.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shorter runs say nothing.
const PATIENCE: Duration = Duration::from_millis(500);

pub(crate) struct Progress {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    pub(crate) fn start() -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress { running: None };
        }
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut is_shown = false;
            let mut n_dots = 0;
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(PATIENCE) {
                n_dots = n_dots % 3 + 1;
                is_shown = true;
                say(&format!("\rchecking{:<3}", ".".repeat(n_dots)));
            }
            if is_shown {
                say("\r           \r");
            }
        });
        Progress { running: Some((stop, thread)) }
    }

    pub(crate) fn stop(self) {
        if let Some((stop, thread)) = self.running {
            drop(stop);
            let _ = thread.join();
        }
    }
}

fn say(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
