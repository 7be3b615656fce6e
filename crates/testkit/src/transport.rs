//! A transport that answers from a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::Transport;
use domain::{Endpoint, Reply, Request, TransportFailure};

/// Gives the scripted answers in order, then fails the test.
#[derive(Debug, Default)]
pub struct ScriptedTransport {
    answers: Mutex<VecDeque<Result<Reply, TransportFailure>>>,
    requests: Mutex<Vec<Request>>,
}

impl ScriptedTransport {
    /// Adds an answer with this status and JSON body.
    #[must_use]
    pub fn reply(self, status: u16, body: &'static str) -> Self {
        let reply =
            Reply { status, headers: http::HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) };
        self.answers.lock().unwrap().push_back(Ok(reply));
        self
    }

    /// Adds a failure.
    #[must_use]
    pub fn fail(self, failure: TransportFailure) -> Self {
        self.answers.lock().unwrap().push_back(Err(failure));
        self
    }

    /// Returns what was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for ScriptedTransport {
    async fn send(&self, _: &Endpoint, request: &Request, _: Duration) -> Result<Reply, TransportFailure> {
        self.requests.lock().unwrap().push(request.clone());
        match self.answers.lock().unwrap().pop_front() {
            Some(answer) => answer,
            None => panic!("the script has no answer left for {} {}", request.method, request.path),
        }
    }
}
