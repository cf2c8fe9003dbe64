"""Llamas made here: of TinyLlama's architecture with random weights, and the tiny real one."""

import json
import struct
from pathlib import Path

import numpy as np

TINYLLAMA = {
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_hidden_layers": 22,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "max_position_embeddings": 2048,
    "vocab_size": 32000,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
}
"""Source: config.json of TinyLlama/TinyLlama-1.1B-Chat-v1.0."""

TOKENS = {
    "tokenizer_class": "LlamaTokenizer",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "</s>",
    "add_bos_token": True,
    "add_eos_token": False,
    "legacy": False,
}

SMALL = TINYLLAMA | {
    "hidden_size": 64,
    "intermediate_size": 176,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def random_llama(folder: Path, tokenizer: Path, shape: dict = SMALL) -> Path:
    """Write a Llama with random weights and a real tokenizer, as Hugging Face lays it out."""
    import torch
    import transformers

    torch.manual_seed(1)
    config = transformers.LlamaConfig(**shape, bos_token_id=1, eos_token_id=2)
    with torch.device("cpu"):
        previous = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16)
        try:
            model = transformers.LlamaForCausalLM(config)
        finally:
            torch.set_default_dtype(previous)
    model.save_pretrained(folder)
    (folder / "tokenizer.model").write_bytes(tokenizer.read_bytes())
    (folder / "tokenizer_config.json").write_text(json.dumps(TOKENS))
    return folder


def stories_llama(folder: Path, checkpoint: Path) -> Path:
    """Write the tiny real Llama in a llama2.c file as a folder without a tokenizer.

    Source of the layout: karpathy/llama2.c, export.py, legacy_export (MIT).
    """
    import torch
    import transformers

    blob = checkpoint.read_bytes()
    dim, hidden, layers, heads, kv_heads, vocabulary, length = struct.unpack("7i", blob[:28])
    shared, vocabulary = vocabulary > 0, abs(vocabulary)
    values, at = np.frombuffer(blob, np.float32, offset=28), 0

    def take(*shape: int) -> torch.Tensor:
        nonlocal at
        size = int(np.prod(shape))
        at += size
        return torch.from_numpy(values[at - size : at].reshape(shape).copy())

    head = dim // heads
    kv = head * kv_heads
    state = {"model.embed_tokens.weight": take(vocabulary, dim)}
    parts = [
        ("input_layernorm.weight", take(layers, dim)),
        ("self_attn.q_proj.weight", _unpaired(take(layers, dim, dim), heads)),
        ("self_attn.k_proj.weight", _unpaired(take(layers, kv, dim), kv_heads)),
        ("self_attn.v_proj.weight", take(layers, kv, dim)),
        ("self_attn.o_proj.weight", take(layers, dim, dim)),
        ("post_attention_layernorm.weight", take(layers, dim)),
        ("mlp.gate_proj.weight", take(layers, hidden, dim)),
        ("mlp.down_proj.weight", take(layers, dim, hidden)),
        ("mlp.up_proj.weight", take(layers, hidden, dim)),
    ]
    for name, stacked in parts:
        state |= {f"model.layers.{layer}.{name}": stacked[layer] for layer in range(layers)}
    state["model.norm.weight"] = take(dim)
    config = transformers.LlamaConfig(
        hidden_size=dim,
        intermediate_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        vocab_size=vocabulary,
        max_position_embeddings=length,
        tie_word_embeddings=shared,
        rms_norm_eps=1e-5,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = transformers.LlamaForCausalLM(config)
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    model.save_pretrained(folder)
    return folder


def stories_tokenizer(folder: Path, tokenizer: Path) -> None:
    """Write the pieces of a llama2.c tokenizer file as a SentencePiece model, with a template."""
    from sentencepiece import sentencepiece_model_pb2 as proto

    model = proto.ModelProto()
    model.trainer_spec.model_type = proto.TrainerSpec.BPE
    model.trainer_spec.byte_fallback = True
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = False
    kinds = proto.ModelProto.SentencePiece
    blob, at = tokenizer.read_bytes(), 4
    while at < len(blob):
        score, length = struct.unpack("fi", blob[at : at + 8])
        piece = blob[at + 8 : at + 8 + length].decode()
        at += 8 + length
        number = len(model.pieces)
        kind = kinds.BYTE if piece.startswith("<0x") else kinds.NORMAL
        kind = {0: kinds.UNKNOWN, 1: kinds.CONTROL, 2: kinds.CONTROL}.get(number, kind)
        name = {0: "<unk>", 1: "<s>", 2: "</s>"}.get(number, piece.replace(" ", "\u2581"))
        model.pieces.add(piece=name, score=score, type=kind)
    (folder / "tokenizer.model").write_bytes(model.SerializeToString())
    told = TOKENS | {"chat_template": "{{ messages[0]['content'] }}"}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))


def _unpaired(weights, heads):
    """Reorder rotary pairs: neighbours in llama2.c, halves of a head in transformers."""
    layers, rows, columns = weights.shape
    pairs = weights.view(layers, heads, rows // heads // 2, 2, columns)
    return pairs.transpose(2, 3).reshape(layers, rows, columns)
