//! A request's body, read whole: up to so many bytes, within a time limit, and not drop by drop. A request that has to wait for
//! it waits outside: its place among those under way is others' meanwhile.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use resilience::Shed;
use tokio::time::{Instant, Sleep};

use crate::app::Worker;
use crate::http::MAX_BODY_BYTES;
use crate::http::error::ApiError;
use crate::http::shed::Admission;

/// How long a body may come as slowly as it likes.
const GRACE: Duration = Duration::from_secs(5);
/// How fast it must come after that, on the whole.
const BYTES_A_SECOND: u64 = 1024;

/// The longest body that a route reads, in bytes, where it is not [`MAX_BODY_BYTES`].
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct MostBodyBytes(pub(in crate::http) usize);

/// A body as it came, or why it did not.
#[derive(Debug)]
pub(in crate::http) struct RawBody(Result<Bytes, NoBody>);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoBody {
    TooLarge(usize),
    BrokenOff,
    TooSlow,
}

impl RawBody {
    /// Returns the bytes.
    ///
    /// # Errors
    /// 413 when it is too large, 408 when it came too slowly, 400 when it broke off.
    pub(in crate::http) fn take(self) -> Result<Bytes, ApiError> {
        self.0.map_err(|why| match why {
            NoBody::TooLarge(most) => ApiError::too_large(most),
            NoBody::BrokenOff => ApiError::malformed_json("The body broke off before it was whole."),
            NoBody::TooSlow => ApiError::too_slow(),
        })
    }
}

/// What is wrong with a body is its handler's to tell, once it is known who asks; that there is no place for its request, nobody's.
impl FromRequest for RawBody {
    type Error = actix_web::Error;
    type Future = Reading;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Reading {
        let most = request.app_data::<MostBodyBytes>().copied().unwrap_or(MostBodyBytes(MAX_BODY_BYTES));
        let length =
            request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > most.0) {
            return Reading::new(State::Failed(NoBody::TooLarge(most.0)), None);
        }
        // On the admin port, which is private, the pace alone is asked for.
        let worker = request.app_data::<Data<Worker>>();
        let time_limit = worker.map_or(Duration::MAX, |worker| worker.gateway.config.listen.body());
        let pace = Pace::begin(time_limit);
        let state = State::Reading { payload: payload.take(), most: most.0, pace, timer: None };
        Reading::new(state, request.extensions().get::<Admission>().cloned())
    }
}

/// A body on its way. What is there already costs no timer, and keeps its request's place.
pub(in crate::http) struct Reading {
    bytes: BytesMut,
    state: State,
    /// None on the admin port, where nobody is refused.
    admission: Option<Admission>,
}

enum State {
    Reading { payload: Payload, most: usize, pace: Pace, timer: Option<Pin<Box<Sleep>>> },
    Failed(NoBody),
}

/// How fast a body must come.
#[derive(Debug)]
pub(in crate::http) struct Pace {
    began: Instant,
    time_limit: Duration,
}

impl Pace {
    /// Returns the pace of a body that begins now and may take so long in all.
    pub(in crate::http) fn begin(time_limit: Duration) -> Self {
        Self { began: Instant::now(), time_limit }
    }

    /// Returns how long the next piece may take, after so many bytes; nothing: it is late.
    pub(in crate::http) fn left(&self, bytes: usize) -> Option<Duration> {
        let due = due_after(bytes).min(self.time_limit);
        due.checked_sub(self.began.elapsed()).filter(|left| !left.is_zero())
    }
}

/// Returns by when the piece after so many bytes must be there.
fn due_after(bytes: usize) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    GRACE.saturating_add(Duration::from_secs(bytes / BYTES_A_SECOND))
}

impl Future for Reading {
    type Output = Result<RawBody, actix_web::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let read = ready!(self.poll_bytes(context));
        // A body that failed, too: its handler looks first for who asks.
        let entered = self.admission.as_ref().map_or(Ok(()), Admission::enter);
        Poll::Ready(entered.map(|()| RawBody(read)).map_err(turned_away))
    }
}

fn turned_away(shed: Shed) -> actix_web::Error {
    InternalError::from_response(shed, ApiError::from(shed).response()).into()
}

impl Reading {
    fn new(state: State, admission: Option<Admission>) -> Self {
        Self { bytes: BytesMut::new(), state, admission }
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, NoBody>> {
        let (payload, most, pace, timer) = match &mut self.state {
            State::Failed(why) => return Poll::Ready(Err(*why)),
            State::Reading { payload, most, pace, timer } => (payload, *most, pace, timer),
        };
        loop {
            match Pin::new(&mut *payload).poll_next(context) {
                Poll::Ready(Some(Ok(piece))) if self.bytes.len().saturating_add(piece.len()) > most => {
                    return Poll::Ready(Err(NoBody::TooLarge(most)));
                }
                Poll::Ready(Some(Ok(piece))) => self.bytes.extend_from_slice(&piece),
                Poll::Ready(Some(Err(_broken))) => return Poll::Ready(Err(NoBody::BrokenOff)),
                Poll::Ready(None) => return Poll::Ready(Ok(std::mem::take(&mut self.bytes).freeze())),
                Poll::Pending => {
                    let Some(left) = pace.left(self.bytes.len()) else {
                        return Poll::Ready(Err(NoBody::TooSlow));
                    };
                    let timer = timer.insert(Box::pin(tokio::time::sleep(left)));
                    if timer.as_mut().poll(context).is_pending() {
                        if let Some(admission) = &self.admission {
                            admission.leave();
                        }
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_comes_in_drops_is_late_soon_and_a_steady_one_is_not() {
        let due = |bytes| due_after(bytes).as_secs();
        assert_eq!((due(0), due(100), due(1024), due(10 * 1024)), (5, 5, 6, 15));
        assert_eq!(due(256 * 1024), 261, "the time limit is shorter");
    }
}
