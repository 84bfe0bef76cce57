"""Is a built image one that registries store and engines run?"""

import gzip
import io
import json
import os
import platform
import re
import signal
import subprocess
import tarfile
from datetime import UTC, datetime
from hashlib import sha256

import pytest
import requests
import responses
import time_machine

from tokens.registry import images

SECONDS = 10
REGISTRY = "http://registry.example:5000"
APP = f"{REGISTRY}/v2/public/app"
UPLOAD = f"{APP}/blobs/uploads/"
ANY = re.compile(".*")
GREETING = "Hello, wörld"


@pytest.fixture
def image():
    return images.build(GREETING)


@pytest.fixture
def registry():
    """A registry that answers as it is told to."""
    with responses.RequestsMock() as told:
        yield told


def files_of(image):
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(image.layer))) as tar:
        return {entry.name: (entry, tar.extractfile(entry).read()) for entry in tar}


def push(image, *tags):
    images.push(image, "public/app", tags or ("latest",), registry=REGISTRY, token="a-grant")


class TestBuilt:
    def test_its_manifest_names_config_and_layer_by_size_and_digest(self, image):
        manifest = json.loads(image.manifest)
        parts = [(manifest["config"], image.config), (manifest["layers"][0], image.layer)]
        for named, content in parts:
            assert named["size"] == len(content)
            assert named["digest"] == "sha256:" + sha256(content).hexdigest()

    def test_its_config_names_the_layer_as_it_is_unpacked(self, image):
        unpacked = gzip.decompress(image.layer)
        config = json.loads(image.config)
        assert config["rootfs"]["diff_ids"] == ["sha256:" + sha256(unpacked).hexdigest()]

    def test_it_is_the_same_at_every_build(self, image):
        with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC)):
            assert images.build(GREETING) == image
        assert images.build("Another") != image

    def test_its_entry_point_is_a_program_in_it(self, image):
        (entry_point,) = json.loads(image.config)["config"]["Entrypoint"]
        entry, content = files_of(image)[entry_point.removeprefix("/")]
        assert entry.mode == 0o755
        assert content.startswith(b"\x7fELF")

    def test_it_says_what_it_is(self, image):
        _, content = files_of(image)["README"]
        assert content.decode() == f"{GREETING}\n"

    @pytest.mark.parametrize(("machine", "name"), images.ARCHITECTURES.items())
    def test_it_can_be_built_for_another_machine(self, machine, name):
        config = json.loads(images.build(GREETING, machine=machine).config)
        assert (config["architecture"], config["os"]) == (name, "linux")

    def test_no_program_is_known_for_other_machines(self):
        with pytest.raises(ValueError, match="no demo program is known for riscv64"):
            images.build(GREETING, machine="riscv64")

    @pytest.mark.skipif(
        platform.system() != "Linux" or platform.machine() not in images.ARCHITECTURES,
        reason="the program is for Linux on x86_64 and aarch64",
    )
    def test_its_program_greets_and_waits_until_it_is_told_to_end(self, image, tmp_path):
        program = tmp_path / "hello"
        program.write_bytes(files_of(image)["hello"][1])
        program.chmod(0o755)
        with subprocess.Popen([program], stdout=subprocess.PIPE, env={}) as process:
            try:
                assert os.read(process.stdout.fileno(), 100).decode() == f"{GREETING}\n"
                assert process.poll() is None
                process.send_signal(signal.SIGTERM)
                assert process.wait(SECONDS) == 0
            finally:
                process.kill()


class TestPushed:
    def test_layer_config_and_a_manifest_for_each_tag_are_sent(self, image, registry):
        for blob in (image.layer, image.config):
            name = images.digest(blob)
            registry.head(f"{APP}/blobs/{name}", status=404)
            registry.post(UPLOAD, status=202, headers={"Location": f"{UPLOAD}{name[7:15]}"})
            registry.put(f"{UPLOAD}{name[7:15]}?digest={name}", status=201)
        for tag in ("1.0", "latest"):
            registry.put(f"{APP}/manifests/{tag}", status=201)
        push(image, "1.0", "latest")
        sent = [call.request for call in registry.calls]
        assert [request.body for request in sent if request.method == "PUT"] == [
            image.layer,
            image.config,
            image.manifest,
            image.manifest,
        ]
        assert [request.headers["Content-Type"] for request in sent[-2:]] == [images.MANIFEST] * 2
        assert {request.headers["Authorization"] for request in sent} == {"Bearer a-grant"}

    @pytest.mark.parametrize("base", [UPLOAD, "/v2/public/app/blobs/uploads/"])
    def test_an_upload_s_address_keeps_its_state_and_may_be_relative(self, image, registry, base):
        for blob in (image.layer, image.config):
            name = images.digest(blob)
            registry.head(f"{APP}/blobs/{name}", status=404)
            registry.post(UPLOAD, status=202, headers={"Location": f"{base}1?_state=a%3Db"})
            registry.put(f"{UPLOAD}1?_state=a%3Db&digest={name}", status=201)
        registry.put(f"{APP}/manifests/latest", status=201)
        push(image)

    def test_what_the_registry_has_is_not_sent_again(self, image, registry):
        for blob in (image.layer, image.config):
            registry.head(f"{APP}/blobs/{images.digest(blob)}", status=200)
        registry.put(f"{APP}/manifests/latest", status=201)
        push(image)
        assert [call.request.method for call in registry.calls] == ["HEAD", "HEAD", "PUT"]

    @pytest.mark.parametrize("status", [401, 403, 413, 500])
    def test_a_refusal_says_what_was_answered(self, image, registry, status):
        registry.head(f"{APP}/blobs/{images.digest(image.layer)}", status=404)
        registry.post(UPLOAD, status=status, body="because " + "x" * 10_000)
        with pytest.raises(images.PushFailed, match=f"answered {status}: because x+$") as failed:
            push(image)
        assert len(str(failed.value)) < 300

    @pytest.mark.parametrize("step", ["head", "post"])
    def test_a_registry_that_is_away_is_the_same_failure_at_every_step(self, image, registry, step):
        if step == "post":
            registry.head(f"{APP}/blobs/{images.digest(image.layer)}", status=404)
        registry.add(step.upper(), ANY, body=requests.ConnectionError("refused"))
        with pytest.raises(images.PushFailed, match="refused"):
            push(image)

    def test_an_answer_that_names_no_place_to_upload_to_is_the_same_failure(self, image, registry):
        registry.head(f"{APP}/blobs/{images.digest(image.layer)}", status=404)
        registry.post(UPLOAD, status=202)
        registry.put(UPLOAD, status=404)
        with pytest.raises(images.PushFailed, match="answered 404"):
            push(image)
