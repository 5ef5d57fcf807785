#!/usr/bin/env python3
"""Makes crates/genai/data/prices.jsonl from the price file of the Python package litellm (MIT licence).

    pip download --no-deps --dest /tmp/lists litellm            # the newest, and some older ones with ==VERSION
    scripts/make-prices.py /tmp/lists/litellm-*.whl --date 2026-11-26 > crates/genai/data/prices.jsonl

Give the newest list first: a model keeps the prices of the first list that has it, so that models which were withdrawn
since keep their last ones. The same lists give the same file, byte for byte. The rules are those of
`crates/genai/src/prices/litellm.rs`, which reads such a file where a server is updated with it.
"""

import argparse
import json
import re
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

MEMBER = "litellm/model_prices_and_context_window_backup.json"

# Whose prices are taken, in the order in which they are written. Left out: subscriptions that price no tokens,
# resellers of those, and hosts that only their owners reach.
PROVIDERS = [
    "openai",
    "anthropic",
    "gemini",
    "mistral",
    "deepseek",
    "xai",
    "cohere",
    "moonshot",
    "zai",
    "minimax",
    "dashscope",
    "ai21",
    "voyage",
    "jina_ai",
    "amazon_nova",
    "meta_llama",
    "inception",
    "codestral",
    "perplexity",
    "azure",
    "azure_ai",
    "bedrock",
    "bedrock_mantle",
    "vertex_ai",
    "databricks",
    "snowflake",
    "oci",
    "watsonx",
    "groq",
    "together_ai",
    "fireworks_ai",
    "deepinfra",
    "cerebras",
    "sambanova",
    "nebius",
    "novita",
    "hyperbolic",
    "nscale",
    "baseten",
    "lambda_ai",
    "replicate",
    "cloudflare",
    "friendliai",
    "gmi",
    "wandb",
    "ovhcloud",
    "scaleway",
    "gradient_ai",
    "openrouter",
    "vercel_ai_gateway",
]

# The list's names of the same provider.
SAME = {
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "azure_text": "azure",
    "text-completion-openai": "openai",
    "text-completion-codestral": "codestral",
    "text-completion-inception": "inception",
}

KINDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image_token": "image_input",
    "output_cost_per_image_token": "image_output",
    "output_cost_per_reasoning_token": "reasoning",
}
SERVICES = {
    "batches": "batch",
    "flex": "flex",
    "priority": "priority",
    "balanced": "balanced",
    "ultrafast": "ultrafast",
}
# Longest first, since `cache_creation_input_token_cost` begins another key.
FIELD = re.compile(
    rf"^({'|'.join(sorted(KINDS, key=len, reverse=True))})(?:_above_(\d+)(k?)_tokens)?(?:_({'|'.join(SERVICES)}))?$"
)
# The tokens at which a dearer tier begins belong to it.
INCLUSIVE = {"xai"}
# Names that stand for a size of picture, a class of models or a quality, and not for a model.
NO_MODEL = re.compile(
    r"^(\d+-x-\d+|max-x-max|low|medium|high|standard|hd)/"
    r"|^(together-ai|fireworks-ai)-(default|up-to|above|moe|embedding|\d)"
)
# Digits that a price can have; what is beyond them is noise of binary arithmetic.
DIGITS_MAX = 12
PRICE_MAX = 10_000  # US dollars a million tokens; no model costs as much, so it is an error of the list
NO_OUTPUT = {"embedding", "rerank", "moderation"}


def per_million(price):
    """The price of a million tokens as its shortest decimal, from that of one; `None` if it is no price."""
    if isinstance(price, bool) or not isinstance(price, (int, float)):
        return None
    value = Decimal(repr(price)).scaleb(6)
    rounded = (
        value.quantize(Decimal(1).scaleb(value.adjusted() - DIGITS_MAX + 1))
        if value
        else value
    )
    return rounded if 0 <= rounded < PRICE_MAX else None


def canonical(provider):
    for prefix in ("vertex_ai", "fireworks_ai"):
        if provider.startswith(prefix + "-"):
            return prefix
    return SAME.get(provider, provider)


def split(key, provider):
    """The model's name, without the provider before it, as the list's own names have it."""
    prefixes = [
        provider,
        provider.replace("_", "-"),
        *(name for name, same in SAME.items() if same == provider),
    ]
    for prefix in prefixes:
        if key.startswith(prefix + "/"):
            return key[len(prefix) + 1 :]
    return key


def take_fields(entry, provider):
    """The prices by service and tier: `{service or "": {tokens or 0: {kind: price}}}`."""
    prices = {}
    for field, value in entry.items():
        match = FIELD.match(field)
        price = per_million(value) if match else None
        if price is None:
            continue
        kind, above, thousands, service = match.groups()
        tokens = (
            int(above) * (1000 if thousands else 1)
            - (1 if provider in INCLUSIVE else 0)
            if above
            else 0
        )
        prices.setdefault(SERVICES.get(service, ""), {}).setdefault(tokens, {})[
            KINDS[kind]
        ] = price
    for tier in entry.get("tiered_pricing") or []:
        tokens = int(tier["range"][0]) if "range" in tier else 0
        for field, value in tier.items():
            price = per_million(value) if field in KINDS else None
            if price is not None:
                prices.setdefault("", {}).setdefault(tokens, {})[KINDS[field]] = price
    return prices


def row_of(entry, provider):
    """The row without its names; `None` if it prices no tokens."""
    prices = take_fields(entry, provider)
    base = prices.setdefault("", {}).setdefault(0, {})
    base.setdefault("input", base.get("audio_input", base.get("image_input")))
    base.setdefault("output", base.get("image_output", base.get("audio_output")))
    if base["output"] is None and entry.get("mode") in NO_OUTPUT:
        base["output"] = Decimal(0)
    # A list writes 0 for what it does not know as well as for what is free.
    if (
        base["input"] is None
        or base["output"] is None
        or not (base["input"] or base["output"])
    ):
        return None
    drop_repeated(prices)
    row = tiers(prices.pop(""))
    services = {
        name: tiers(prices[name]) for name in SERVICES.values() if prices.get(name)
    }
    return row | ({"services": services} if services else {})


def drop_repeated(prices):
    """Drops reasoning at the price of all output."""
    for tier in [tier for service in prices.values() for tier in service.values()]:
        if tier.get("reasoning") is not None and tier["reasoning"] == tier.get(
            "output"
        ):
            del tier["reasoning"]


def tiers(by_tokens):
    kinds = list(KINDS.values())
    ordered = {
        tokens: {kind: tier[kind] for kind in kinds if kind in tier}
        for tokens, tier in by_tokens.items()
    }
    above = {
        str(tokens): ordered[tokens]
        for tokens in sorted(ordered)
        if tokens and ordered[tokens]
    }
    return ordered.get(0, {}) | ({"above": above} if above else {})


def read_list(path):
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return json.loads(wheel.read(MEMBER)), path.name.split("-")[1]
    return json.loads(path.read_bytes()), path.stem


def collect(lists):
    rows, aliases, seen = {}, {}, set()
    for entries, _ in lists:
        for key, entry in entries.items():
            target = entries.get(entry.get("alias_of", ""), entry)
            provider = canonical(target.get("litellm_provider") or "")
            name = (provider, split(key, provider))
            if (
                provider not in PROVIDERS
                or NO_MODEL.match(key)
                or (provider, name[1].lower()) in seen
            ):
                continue
            if target is not entry:
                aliases[name] = split(entry["alias_of"], provider)
            elif row := row_of(entry, provider):
                rows[name] = row
            else:
                continue
            seen.add((provider, name[1].lower()))
    aliases = {
        name: {"alias_of": of} for name, of in aliases.items() if (name[0], of) in rows
    }
    return sorted(
        (rows | aliases).items(),
        key=lambda item: (PROVIDERS.index(item[0][0]), item[0][1]),
    )


def dump(value):
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(
                f"{json.dumps(key)}:{dump(inner)}" for key, inner in value.items()
            )
            + "}"
        )
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return json.dumps(value)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "lists",
        nargs="+",
        type=Path,
        help="wheels of litellm or their price files, the newest first",
    )
    parser.add_argument(
        "--date",
        required=True,
        help="the day on which the newest list was taken, e.g. 2026-11-26",
    )
    args = parser.parse_args()
    lists = [read_list(path) for path in args.lists]
    newest, *older = [version for _, version in lists]
    source = f"litellm {newest}" + (
        f"; {', '.join(older)} for models withdrawn since" if older else ""
    )
    head = {
        "format": "spanwise-prices/1",
        "date": args.date,
        "source": source,
        "unit": "USD per million tokens",
    }
    print(dump(head))
    for (provider, model), row in collect(lists):
        print(dump({"provider": provider, "model": model} | row))


if __name__ == "__main__":
    sys.exit(main())
