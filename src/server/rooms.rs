//! In: how much memory the program may take. Out: how much of it connections, requests, questions and answers may have.

use crate::limits;

/// What may be held at once, each over all who hold it.
#[derive(Debug, Clone, Copy)]
pub struct MemoryRooms {
    /// Connections.
    pub connections: usize,
    /// Bytes of requests that wait for their rest.
    pub unread_bytes: usize,
    /// Bytes of long bodies.
    pub body_bytes: usize,
    /// Bytes of hits of long lists.
    pub bulk_bytes: usize,
    /// Memory of one question, in bytes.
    pub question_bytes: usize,
    /// Memory of one question before it is dear, in bytes.
    pub quick_bytes: usize,
    /// Bytes of long answers that are not sent yet.
    pub answer_bytes: usize,
}

impl MemoryRooms {
    /// The rooms within so many bytes.
    pub fn within(memory_bytes: u64) -> MemoryRooms {
        let part = |part: u64, most: usize| usize::try_from(memory_bytes / part).unwrap_or(usize::MAX).min(most);
        // A network has a share of the room for bodies, into which each has to fit.
        let least_body = limits::NETWORK_SHARE * limits::BODY_BYTES_MAX;
        let questions = part(limits::QUESTIONS_PART, limits::QUESTIONS_BYTES_MAX);
        let of_questions =
            |most: usize| (most / 1_024 * (questions / 1_024) / (limits::QUESTIONS_BYTES_MAX / 1_024)) * 1_024;
        let connections = part(limits::CONNECTIONS_PART, usize::MAX) / limits::CONNECTION_BYTES;
        MemoryRooms {
            connections: connections.clamp(limits::CONNECTIONS_MIN, limits::CONNECTIONS_MAX),
            unread_bytes: part(limits::UNREAD_PART, limits::UNREAD_BYTES_MAX),
            body_bytes: part(limits::BODIES_PART, limits::BODIES_BYTES_MAX).max(least_body),
            bulk_bytes: part(limits::BODIES_PART, limits::BULKS_BYTES_MAX).max(least_body),
            question_bytes: of_questions(limits::QUESTION_BYTES_MAX),
            quick_bytes: of_questions(limits::QUICK_BYTES),
            answer_bytes: of_questions(limits::ANSWERS_BYTES_MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What questions may hold together.
    fn questions(rooms: &MemoryRooms) -> usize {
        limits::DEAR_QUESTIONS_AT_ONCE * rooms.question_bytes
            + limits::QUESTIONS_AT_ONCE * rooms.quick_bytes
            + rooms.answer_bytes
    }

    #[test]
    fn all_rooms_together_are_a_part_of_the_memory() {
        for megabytes in [64, 100, 200, 512, 1_024, 4_096] {
            let (memory, rooms) = (megabytes << 20, MemoryRooms::within(megabytes << 20));
            let connections = rooms.connections * limits::CONNECTION_BYTES;
            let requests = rooms.unread_bytes + rooms.body_bytes + rooms.bulk_bytes;
            assert!((connections + requests + questions(&rooms)) as u64 <= memory / 100 * 80, "{megabytes}: {rooms:?}");
        }
        let all = MemoryRooms::within(u64::MAX);
        assert_eq!(questions(&all), limits::QUESTIONS_BYTES_MAX);
        assert_eq!((all.connections, all.question_bytes), (limits::CONNECTIONS_MAX, limits::QUESTION_BYTES_MAX));
        // What else grows with questions, with the allocator's own share.
        let remembered =
            limits::READERS * limits::OPENED_BYTES_MAX + limits::KEPT_ROWS_MAX * 88 + limits::NAME_CACHE_BYTES;
        assert!(questions(&all) + remembered <= 256 << 20, "{remembered}");
    }

    #[test]
    fn a_network_has_room_for_the_largest_body_however_little_memory_there_is() {
        let least = MemoryRooms::within(limits::MEMORY_MB_MIN << 20);
        assert!(least.body_bytes / limits::NETWORK_SHARE >= limits::BODY_BYTES_MAX);
        assert!(least.connections >= limits::CONNECTIONS_MIN);
    }
}
