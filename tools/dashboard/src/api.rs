//! The API over HTTP: documents of the last board, by path (docs/api.md).
//!
//! In: GET requests under `/v1/`. Out: JSON with tags, as everybody may see it. Never: a document
//! made twice of one board; a question answered by a guess: an unknown path or parameter is told.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use shomar_board::documents::Resource;

use crate::http::{NotShown, Pairs, Reading, Shared, Tagged, not_now, protect, set};

/// A document, or that it is the one which the reader has.
pub(crate) async fn document(
    room: Shared,
    Path(path): Path<String>,
    headers: HeaderMap,
    query: Pairs,
) -> Response {
    let room = Arc::clone(&room.0);
    let resource = match Resource::parse(&room.setting, &path, &query.0) {
        Ok(resource) => resource,
        Err(message) => return refused(&message),
    };
    let board = match room.shown() {
        Ok(board) => board,
        Err(NotShown::Reading(Reading { read, of, .. })) => {
            let error = format!("the journal is being read: {read} of {of} records");
            return open_to_all(not_now(json!({ "error": error }).to_string() + "\n"));
        }
        Err(closed) => return closed.line(),
    };
    let (board, document) = match resource {
        Resource::Search(_) => {
            drop(board);
            match room.search(move |board| board.document(&resource)).await {
                Ok(found) => found,
                Err(response) => return open_to_all(response),
            }
        }
        _ => {
            let document = board.document(&resource);
            (board, document)
        }
    };
    let Some(document) = document else {
        return refused("found a page beyond the last one");
    };
    let at_ms = board.board.at_ms;
    let tagged = Tagged { bytes: &document.json, tag: &document.tag, at_ms };
    open_to_all(tagged.answer(StatusCode::OK, &headers))
}

fn refused(message: &str) -> Response {
    let text = json!({ "error": message }).to_string() + "\n";
    let mut response = (StatusCode::NOT_FOUND, text).into_response();
    protect(response.headers_mut());
    open_to_all(response)
}

/// What everybody may see may be read by pages of others, too.
fn open_to_all(mut response: Response) -> Response {
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, "application/json");
    set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    response
}
