"""The engines: the real loading code on models made here, and a server made here."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest
from made_llama import random_llama, stories_llama, stories_tokenizer
from test_grounded import scene, someone

from affectstream.models import narrators, openai
from affectstream.models.base import Manner, Task
from affectstream.models.facts import Facts
from affectstream.models.prompting import Prompter
from affectstream.models.scripted import Config as Script
from affectstream.models.scripted import ScriptedNarrator
from affectstream.models.telling import Teller, tidied
from affectstream.stream.errors import ConfigError, MissingExtraError, ModelError, PolicyError

SCENE = scene(someone(1, 0.6, 0.4, emotion="happiness"), someone(2, -0.5, -0.2), mood="opposed")
FACTS = msgspec.to_builtins(msgspec.convert(SCENE, Facts))
TASK = Task("interval", FACTS, ("Person 1 looks calm.", "It stays so.", "Person 2 looks sad."))
needs_torch = pytest.mark.skipif(
    find_spec("transformers") is None or find_spec("torch") is None,
    reason='pip install "affectstream[narrator]"',
)
needs_genai = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("onnxruntime_genai", "onnx_ir", "transformers")),
    reason='pip install "affectstream[narrator-export]"',
)


@pytest.fixture
def models_folder(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    monkeypatch.setenv("AFFECTSTREAM_MODELS", str(folder))
    return folder


# -- prompts


def test_the_prompt_holds_facts_the_last_two_texts_style_and_language():
    system, user = Prompter("German", "Be brief.").messages(TASK, "In plain words.")
    assert (system["role"], user["role"]) == ("system", "user")
    assert "German" in system["content"] and "Be brief." in system["content"]
    for said in (
        "people in view: 2",
        "valence +0.60",
        "opposed",
        "It stays so.",
        "In plain words.",
        "movement 0.20",
        "all together",
    ):
        assert said in user["content"]
    assert "Person 1 looks calm." not in user["content"], "only the last two"


def test_a_second_try_names_the_fault():
    task = Task("interval", FACTS, fault="it invents speech (talks)", rejected="Person 1 talks.")
    assert "it invents speech (talks)" in Prompter("English", "").messages(task, "")[1]["content"]


def test_a_users_template_takes_the_place_of_ours(tmp_path):
    text = (
        "{% block system %}S{% endblock %}{% block user %}{{ facts.people_count }}!{% endblock %}"
    )
    (tmp_path / "interval.jinja").write_text(text)
    told = Prompter("English", "", str(tmp_path)).messages(TASK, "")
    assert [one["content"] for one in told] == ["S", "2!"]
    assert Prompter("English", "", str(tmp_path)).messages(Task("answer", {"answer": "x"}), "")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (
            "{% block system %}{{ facts.__class__.__mro__ }}{% endblock %}",
            "unsafe",
        ),
        ("{% block system %}{{ ''.__class__.__base__.__subclasses__() }}{% endblock %}", "unsafe"),
        ("{% block system %}{{ cycler.__init__.__globals__.os }}{% endblock %}", "unsafe"),
        ("{% block system %}{{ facts.update({'people_count': 9}) }}{% endblock %}", "unsafe"),
        ("{% block system %}{{ '{0.__class__}'.format(facts) }}{% endblock %}", "unsafe"),
        ("{% block system %}{{ self._TemplateReference__context }}{% endblock %}", "prompt"),
        ("{% block system %}{% for n in range(999999999) %}{% endfor %}{% endblock %}", "prompt"),
        ("{% block system %}{% endblock %}", "no block"),
        ("{% block system %}{{ moods }}{% endblock %}{% block user %}{% endblock %}", "moods"),
        ("{% block system %}{% if %}", "interval.jinja:1"),
        ("{% include '/etc/passwd' %}{% block system %}{% include '../../x' %}{% endblock %}", "x"),
    ],
)
def test_a_bad_template_is_named(tmp_path, template, words):
    (tmp_path / "interval.jinja").write_text(template)
    with pytest.raises(ConfigError, match=words):
        Prompter("English", "", str(tmp_path)).messages(TASK, "")


# -- the check around an engine


def told(*texts: str, task: Task = TASK):
    return Teller(ScriptedNarrator(Script(texts=texts)), "en").tell(task)


def test_a_right_text_is_taken_as_it_is():
    checked = told("Person 1 looks cheerful.  Person 2 looks sad. Person 1")
    assert checked.text == "Person 1 looks cheerful. Person 2 looks sad."
    assert (checked.grounded, checked.tokens, checked.faults) == (True, 7, ())
    assert 0 < len(checked.line) <= 90


def test_a_wrong_text_is_tried_again():
    checked = told("Person 1 looks sad.", "Person 1 looks cheerful.")
    assert (checked.text, checked.grounded, checked.tokens) == (
        "Person 1 looks cheerful.",
        True,
        14,
    )
    assert len(checked.faults) == 1 and "Person 1 looks sad." in checked.faults[0]


@pytest.mark.parametrize("text", ["", "Three people dance.", "Person 2 looks sad.", "x" * 2000])
def test_after_two_wrong_texts_the_grounded_narrator_speaks(text):
    checked = told(text)
    assert checked.grounded == "fallback" and len(checked.faults) == 2
    assert "person 2" in checked.text.lower()


def test_texts_are_tidied():
    assert tidied('  "Person 1 looks calm.\n\nThey seem at ease. And th"') == (
        "Person 1 looks calm. They seem at ease."
    )


# -- choosing


def test_auto_without_a_model_is_grounded(models_folder):
    assert narrators.choose("auto", {})[:2] == ("grounded", {})


def test_what_is_absent_is_named(models_folder, tmp_path):
    with pytest.raises(ConfigError, match="no narrator 'poet'"):
        narrators.choose("poet", {})
    with pytest.raises((MissingExtraError, ModelError), match="affectstream"):
        narrators.choose("tinyllama", {})
    with pytest.raises(ModelError, match=r"config\.json"):
        narrators.adopt(tmp_path)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"config.json": "{}"}, "not llama"),
        ({"config.json": "no"}, "readable"),
        ({"config.json": '{"model_type": "llama"}', "pytorch_model.bin": ""}, "can run code"),
        ({"config.json": '{"model_type": "llama"}', "model.safetensors": ""}, "tokenizer"),
    ],
)
def test_a_folder_that_is_no_llama_is_refused(models_folder, tmp_path, files, words):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ModelError, match=words):
        narrators.adopt(tmp_path)


def test_a_local_copy_is_used_from_where_it_lies(models_folder, tmp_path):
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).touch()
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    assert narrators.adopt(tmp_path) == tmp_path == narrators.folder_of("tinyllama")


# -- a Llama


@needs_torch
def test_a_llama_of_that_architecture_is_loaded_and_writes(tmp_path, test_data):
    from affectstream.models import tinyllama

    folder = random_llama(tmp_path / "llama", test_data / "models" / "llama_tokenizer.model")
    narrator = tinyllama.build(tinyllama.Config(path=folder, max_new_tokens=8), Manner())
    assert narrator.expected_s > 0
    assert str(narrator._model.dtype) == "torch.bfloat16"
    draft = narrator.tell(TASK)
    assert draft == narrator.tell(TASK), "without a temperature it is the same every time"
    assert 0 < draft.tokens <= 8
    assert Teller(narrator, "en").tell(TASK).grounded == "fallback", "random weights make no sense"


@needs_torch
def test_the_chat_template_is_tinyllamas(tmp_path, test_data):
    from affectstream.models import tinyllama

    folder = random_llama(tmp_path / "llama", test_data / "models" / "llama_tokenizer.model")
    narrator = tinyllama.build(tinyllama.Config(path=folder, max_new_tokens=1), Manner())
    said = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello."}]
    text = narrator._tokenizer.apply_chat_template(
        said, chat_template=tinyllama.CHAT_TEMPLATE, add_generation_prompt=True, tokenize=False
    )
    assert text == "<|system|>\nBe kind.</s>\n<|user|>\nHello.</s>\n<|assistant|>\n"
    numbers = narrator._tokenizer(text)["input_ids"]
    assert numbers[0] == 1 and numbers.count(2) == 2, "one <s> in front, and a real </s> each"
    assert max(numbers) < 32000


@needs_torch
def test_a_real_llama_yields_its_known_text(tmp_path, test_data):
    from affectstream.models import tinyllama

    folder = stories_llama(tmp_path / "stories", test_data / "models" / "stories260K.bin")
    stories_tokenizer(folder, test_data / "models" / "tok512.bin")
    config = tinyllama.Config(path=folder, max_new_tokens=40, repetition_penalty=1.0)
    narrator = tinyllama.build(config, Manner())
    draft = narrator.write([{"role": "user", "content": "Once upon a time"}], 40)
    assert draft.text.startswith(
        ", there was a little girl named Lily. She loved to play outside in the park."
    )
    assert draft.tokens == 40


@needs_torch
def test_broken_weights_are_a_line(tmp_path, test_data):
    from affectstream.models import tinyllama

    folder = random_llama(tmp_path / "llama", test_data / "models" / "llama_tokenizer.model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cannot load the language model"):
        tinyllama.build(tinyllama.Config(path=folder), Manner())


@needs_genai
@pytest.mark.slow
def test_the_four_bit_model_is_exported_and_writes(models_folder, tmp_path, test_data):
    from affectstream.models import tinyllama_int4

    narrators.adopt(random_llama(tmp_path / "r", test_data / "models" / "llama_tokenizer.model"))
    folder = narrators.export_int4()
    told = json.loads((folder / "genai_config.json").read_text())
    assert told["model"]["decoder"]["session_options"]["intra_op_num_threads"] == 1
    narrator = tinyllama_int4.build(tinyllama_int4.Config(path=folder, max_new_tokens=8), Manner())
    draft = narrator.tell(TASK)
    assert 0 < draft.tokens <= 8 and draft == narrator.tell(TASK)
    assert narrators.choose("auto", {}).name == "tinyllama-int4"
    assert not list(models_folder.glob("*.part"))


@needs_genai
@pytest.mark.slow
def test_an_export_that_fails_leaves_nothing(models_folder, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ModelError, match="builder"):
        narrators.export_int4(tmp_path)
    assert not models_folder.exists() or not list(models_folder.iterdir())


# -- a server


class _Server(BaseHTTPRequestHandler):
    """Answers as `server.answer` says, and remembers what it was asked."""

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length))
        self.server.asked.append((self.path, self.headers.get("Authorization"), asked))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    made.asked, made.answer = [], (200, b"{}")
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def says(text: str) -> tuple[int, bytes]:
    body = {"choices": [{"message": {"content": text}}], "usage": {"completion_tokens": 12}}
    return 200, json.dumps(body).encode()


def asking(server, **options):
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    return openai.build(openai.Config(url=url, model="small", **options), Manner())


def test_a_server_is_asked_and_checked(server, monkeypatch):
    monkeypatch.setenv("AFFECTSTREAM_NARRATOR_KEY", "CANARY")
    server.answer = says("Person 1 looks cheerful and person 2 looks sad.")
    checked = Teller(asking(server), "en").tell(TASK)
    assert (checked.grounded, checked.tokens) == (True, 12)
    ((path, key, asked),) = server.asked
    assert (path, key, asked["model"]) == ("/v1/chat/completions", "Bearer CANARY", "small")
    assert [one["role"] for one in asked["messages"]] == ["system", "user"]


def test_a_server_that_invents_is_asked_again_and_then_left(server):
    server.answer = says("Anna and Bob argue.")
    assert Teller(asking(server), "en").tell(TASK).grounded == "fallback"
    assert len(server.asked) == 2
    assert "Your last answer was wrong" in server.asked[1][2]["messages"][1]["content"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, b"out of memory"), "says 500: out of memory"),
        ((200, b"<html>"), "JSON"),
        ((200, b"{}"), "no chat completion"),
        ((200, b'{"choices": []}'), "no chat completion"),
        ((302, b""), "says 302"),
    ],
)
def test_a_server_that_fails_is_named(server, answer, words):
    server.answer = answer
    with pytest.raises(ModelError, match=words):
        asking(server).tell(TASK)


def test_a_server_that_repeats_the_key_does_not_make_it_known(server, monkeypatch):
    monkeypatch.setenv("AFFECTSTREAM_NARRATOR_KEY", "CANARY")
    server.answer = (401, b"wrong key CANARY")
    with pytest.raises(ModelError, match="says 401: wrong key") as caught:
        asking(server).tell(TASK)
    assert "CANARY" not in str(caught.value)


def test_nobody_listens(server):
    server.server_close()
    with pytest.raises(ModelError, match="does not answer"):
        asking(server, timeout_s=2.0).tell(TASK)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://example.org/v1", PolicyError),
        ("http://10.0.0.7:8000/v1", PolicyError),
        ("http://user:CANARY@127.0.0.1/v1", ConfigError),
        ("http://127.0.0.1/v1?key=CANARY", ConfigError),
        ("ftp://127.0.0.1", ConfigError),
        ("127.0.0.1:8000", ConfigError),
    ],
)
def test_addresses_that_are_refused(url, kind):
    with pytest.raises(kind) as caught:
        openai.build(openai.Config(url=url), Manner())
    assert "CANARY" not in str(caught.value)


def test_another_machine_is_spoken_to_when_asked_for():
    openai.build(openai.Config(url="https://example.org/v1", allow_remote=True), Manner())


# -- fetching


class _Files(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.files.get(Path(self.path).name)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


def test_weights_other_than_listed_are_thrown_away(models_folder, server):
    server.RequestHandlerClass = _Files
    server.files = {name: b"{}" for name in narrators.FILES}
    origin = f"http://127.0.0.1:{server.server_address[1]}"
    with pytest.raises(ModelError, match=r"sha256.*--path DIR"):
        narrators.fetch_tinyllama(lambda *_: None, origin)
    here = {path.name for path in (models_folder / "tinyllama").iterdir()}
    assert "config.json" in here and not any("safetensors" in name for name in here)
