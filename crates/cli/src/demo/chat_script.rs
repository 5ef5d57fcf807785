//! What customers ask a shop's support chat, and what it answers.

/// A conversation: what it is about, and its turns.
pub(super) struct Conversation {
    pub(super) intent: &'static str,
    pub(super) turns: &'static [Turn],
}

/// A question and its answer.
pub(super) struct Turn {
    pub(super) user: &'static str,
    pub(super) assistant: &'static str,
}

/// What the assistant is told before each conversation.
pub(super) const SYSTEM: &str = "You are the support assistant of Northwind Outdoor, a shop for hiking and camping gear. \
    Be brief and friendly. Use the order data you are given; never promise a refund that the policy does not allow.";

pub(super) const CONVERSATIONS: &[Conversation] = &[
    Conversation {
        intent: "order_status",
        turns: &[
            Turn {
                user: "Hi, where is my order 48213? It was supposed to arrive on Tuesday.",
                assistant: "Order 48213 left our warehouse on Monday and is with DHL in Leipzig. A sorting delay pushed \
                    it back: it should reach you on Thursday between 10:00 and 14:00.",
            },
            Turn {
                user: "I'm not home on Thursday. Can it go to a pickup point?",
                assistant: "Yes. I have redirected it to the DHL point at Lindenstrasse 14, which is open until 20:00. \
                    You will get a text message with the code when it is there; it is kept for seven days.",
            },
            Turn { user: "Perfect, thank you!", assistant: "You're welcome, and enjoy the new tent!" },
        ],
    },
    Conversation {
        intent: "refund",
        turns: &[
            Turn {
                user: "The zipper on my Fjell 30 backpack broke after two hikes. I want my money back.",
                assistant: "I'm sorry about that. The Fjell 30 has a five-year warranty, so we can replace it or refund \
                    it in full, 129.00 EUR. Which do you prefer? A photo of the zipper is all we need.",
            },
            Turn {
                user: "Refund please. How long does that take?",
                assistant: "Noted. Once we have the photo, the refund goes to your card within three to five working \
                    days. You don't have to send the backpack back.",
            },
        ],
    },
    Conversation {
        intent: "product_advice",
        turns: &[
            Turn {
                user: "Which sleeping bag for the Dolomites in late September? I get cold easily.",
                assistant: "Huts aside, expect nights down to -3 °C. As you get cold easily I'd take a bag with a comfort \
                    limit of -7 °C: the Arktos 700 (down, 1.1 kg) or, if it may get wet, the Arktos Synth (1.5 kg).",
            },
            Turn {
                user: "Is the down one ok if it rains a lot?",
                assistant: "In a tent, yes: its down is treated and sheds a spill. If you expect days of rain without a \
                    chance to dry it, the Synth keeps most of its warmth when damp. That is worth the extra 400 g.",
            },
        ],
    },
    Conversation {
        intent: "account",
        turns: &[Turn {
            user: "I can't log in any more, it says my account is locked",
            assistant: "Your account was locked after five wrong passwords and opens again in 20 minutes. If you'd rather \
                not wait, use “Forgot password” on the login page: a new password unlocks it at once.",
        }],
    },
    Conversation {
        intent: "shipping",
        turns: &[Turn {
            user: "Do you ship gas cartridges to Iceland?",
            assistant: "Unfortunately not: cartridges may not go by air, and we ship to Iceland by air only. In Reykjavík, \
                most petrol stations and the Iceland Camping Equipment store sell EN 417 screw cartridges.",
        }],
    },
    Conversation {
        intent: "returns",
        turns: &[
            Turn {
                user: "I ordered boots in 43 but need 44. Can I exchange them? I wore them once around the block.",
                assistant: "Trying them on is fine as long as the soles are clean. I have put a pair in 44 aside for you; \
                    the return label is in your inbox, and the exchange is free.",
            },
            Turn {
                user: "What if 44 is too big then?",
                assistant: "Then you can send them back the same way within 30 days, again for free.",
            },
        ],
    },
    Conversation {
        intent: "invoice",
        turns: &[Turn {
            user: "Please send me an invoice with our company's VAT number for order 47790. It's DE811569869.",
            assistant: "Done: the corrected invoice for order 47790 with VAT number DE811569869 is in your inbox, and also \
                under “My orders”.",
        }],
    },
    Conversation {
        intent: "complaint",
        turns: &[Turn {
            user: "This is the third time you sent the wrong tent poles. What is going on over there??",
            assistant: "That must be infuriating, and I apologise. I have passed this to Mara, who leads our warehouse \
                team: she will check the poles in person, send them by express today, and call you on the number ending \
                in 61.",
        }],
    },
    Conversation {
        intent: "stock",
        turns: &[Turn {
            user: "wann ist der Kocher Primus Lite+ wieder verfügbar?",
            assistant: "Der Primus Lite+ kommt voraussichtlich in der Woche vom 12. wieder ins Lager. Soll ich dich per \
                E-Mail benachrichtigen, sobald er da ist?",
        }],
    },
];
