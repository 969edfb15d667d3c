//! What a broker says of the orders that it was asked for: right or wrong, early or late.

use crate::bytes::Bytes;
use crate::day::TICK;
use velox_core::kernel::Kernel;
use velox_core::kernel::order::Order;
use velox_core::record::{BrokerReply, ReplyKind};

const KINDS: [ReplyKind; 8] = [
    ReplyKind::Accepted,
    ReplyKind::Accepted,
    ReplyKind::Filled,
    ReplyKind::Rejected,
    ReplyKind::Cancelled,
    ReplyKind::Modified,
    ReplyKind::Refused,
    ReplyKind::Unknown,
];

/// A reply about one of the orders that are at a broker; `None` where there is none.
pub fn about(kernel: &Kernel, from: &mut Bytes<'_>) -> Option<BrokerReply> {
    let sent: Vec<&Order> = kernel.orders.iter().map(|(_, order)| order).filter(|order| order.was_asked()).collect();
    let order = sent.get(usize::from(from.byte()) % sent.len().max(1))?;
    let asked = order.wire.as_ref().map_or(0, |wire| wire.asked);
    let shape = from.byte();
    let more = i64::from(from.below(16));
    Some(BrokerReply {
        kind: KINDS[usize::from(shape & 7)],
        account: order.account,
        id: "b".into(),
        instrument: order.instrument,
        side: if shape & 0xF8 == 0xF8 { -order.side } else { order.side },
        // What it says of fills may lie below what is known and above what was asked for.
        quantity: if shape & 0x30 == 0x30 { order.quantity } else { (order.filled + more - 1).max(1) },
        price: 1_900 * TICK + from.medium() % 200 * TICK,
        order: order.id,
        ask: if shape & 0x40 == 0x40 { asked.saturating_sub(1) } else { asked },
        code: "c".into(),
        text: String::new(),
    })
}
