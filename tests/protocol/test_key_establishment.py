"""The key-establishment conversation with scripted partners: every way it can end."""

from inkmeter import key_establishment as keys
from inkmeter.key_establishment import Ended, check_certificate, consequence, same
from inkmeter.radio import NoReply

HUB = bytes.fromhex("0A0B0C0D0E0F1011")
OWN_CERTIFICATE = bytes.fromhex(
    "0084a933b37f018dec0d081112131415161718005292a38affffffff0a0b0c0d0e0f10128803076277e2f7e2252b16a0e92b6e8771bb3f207946"
    "cbd4a45d9a9df6edab8c796a48e89dec"
)
HUB_CERTIFICATE = bytes.fromhex(
    "002622a505e8938f270d081112131415161718005292a35bffffffff0a0b0c0d0e0f1011880303b4e9dc543a64333c982308022b54e67e2f15f5"
    "32551b0a11e2e2c1c1d3097a4324e7ed"
)
POINT = bytes.fromhex("03009a5131cf5b92a016378c0f7f284ecd47f94010f875d43bf1e9a65474adbfc63696a930")
MACU, MACV = b"\x55" * 16, b"\xaa" * 16
IN_PROGRESS, OK, FAIL = 5, 0, 1


class Events:
    def __init__(self, event):
        self.event = event

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    async def get(self, wait_ms):
        return self.event


class FakeNcp:
    def __init__(self, certificates=None, store=OK):
        self.certificates = {"": None, "283k1": OWN_CERTIFICATE} if certificates is None else certificates
        self.store = store
        self.commands = []
        self.answers = {
            "generateCbkeKeysHandler283k1": ("", [OK, POINT]),
            "calculateSmacsHandler283k1": ("", [OK, MACU, MACV]),
        }

    def expect(self, name):
        return Events(self.answers.get(name))

    async def command(self, name, *values):
        self.commands.append((name,) + values)
        if name.startswith("clear"):
            return [self.store if values[0] else FAIL]
        return [IN_PROGRESS]

    async def do(self, name):
        from inkmeter.ncp import Refused

        certificate = self.certificates[name[len("getCertificate") :]]
        if certificate is None:
            raise Refused(name, FAIL)
        return [certificate]

    def stored(self):
        return [c[1] for c in self.commands if c[0].startswith("clearTemporaryDataMaybeStoreLinkKey")]


class FakeRadio:
    """A hub that answers by its script: {command: payload, an exception, or a whole frame after "raw:"}."""

    def __init__(self, script=None, suites=2):
        self.script = {
            0: bytes((2, 0, 3, 6)) + HUB_CERTIFICATE,
            1: POINT,
            2: MACV,
        }
        self.script.update(script or {})
        self.suites = suites
        self.sent = []
        self.waits = []
        self.sequence = 0

    def next_sequence(self):
        self.sequence += 1
        return self.sequence

    async def exchange(self, node_id, profile, cluster, *rest):
        return b"\x01\x00\x00\x00\x01\x01"

    async def request(self, node_id, endpoint, cluster, frame, wait_ms=5000):
        if not frame[0]:
            return bytes((0x18, frame[1], 1, 0, 0, 0, 0x31, self.suites, 0))
        self.sent.append((frame[2], bytes(frame[3:])))
        self.waits.append(wait_ms)
        answer = self.script[frame[2]]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, tuple):
            return answer[0]
        return bytes((0x09, frame[1], frame[2])) + answer

    async def send(self, node_id, endpoint, cluster, frame):
        self.sent.append((frame[2], bytes(frame[3:])))


def drive(coroutine):
    """Runs a coroutine that never really waits."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as done:
        return done.value


def establish(ncp, radio):
    try:
        return drive(keys.establish(ncp, radio, HUB))
    except Ended as ended:
        return ended.args


def test_the_whole_exchange():
    ncp, radio = FakeNcp(), FakeRadio()
    assert establish(ncp, radio) == 2
    assert [command for command, _ in radio.sent] == [0, 1, 2]
    assert radio.sent[0][1] == bytes((2, 0, 10, 15)) + OWN_CERTIFICATE
    assert radio.sent[2][1] == MACU
    assert ncp.commands[-1] == ("clearTemporaryDataMaybeStoreLinkKey283k1", 1)
    assert ("calculateSmacs283k1", 1, HUB_CERTIFICATE, POINT) in ncp.commands
    # The partner's own times, and two seconds for the way.
    assert radio.waits == [10000, 5000, 8000]


def test_every_terminate_reaches_the_caller_and_nothing_is_stored():
    for step in (0, 1, 2):
        for reason in (1, 2, 3, 4, 6):
            ncp = FakeNcp()
            radio = FakeRadio({step: (bytes((0x09, 0x77, 3, reason, 30, 2, 0)),)})
            assert establish(ncp, radio) == (reason, 30, 2)
            assert 1 not in ncp.stored()
            assert [command for command, _ in radio.sent][-1] != 3


def test_silence_at_any_step_ends_in_silence():
    for step in (0, 1, 2):
        ncp, radio = FakeNcp(), FakeRadio({step: NoReply(0x0800, "nobody answers")})
        assert establish(ncp, radio) == (keys._TIMED_OUT if hasattr(keys, "_TIMED_OUT") else 0x100,)
        assert [command for command, _ in radio.sent][-1] != 3
        assert ncp.stored() == [0]


def test_a_wrong_confirmation_is_told_and_not_stored():
    for answer in (b"\xaa" * 15 + b"\xab", b"\xaa" * 15, b"", b"\xaa" * 17):
        ncp, radio = FakeNcp(), FakeRadio({2: answer})
        assert establish(ncp, radio) == (2,)
        assert radio.sent[-1] == (3, bytes((2, 0, 3, 0)))
        assert ncp.stored() == [0]


def test_certificates_that_are_not_accepted():
    other_device = HUB_CERTIFICATE[:35] + b"\x99" + HUB_CERTIFICATE[36:]
    other_issuer = HUB_CERTIFICATE[:11] + b"\x99" + HUB_CERTIFICATE[12:]
    wrong_curve = HUB_CERTIFICATE[:9] + b"\x99" + HUB_CERTIFICATE[10:]
    extended = b"\x01" + HUB_CERTIFICATE[1:]
    other_hash = HUB_CERTIFICATE[:10] + b"\x09" + HUB_CERTIFICATE[11:]
    no_agreement = HUB_CERTIFICATE[:36] + b"\x80" + HUB_CERTIFICATE[37:]
    for certificate, reason in (
        (other_device, 3),
        (other_issuer, 1),
        (wrong_curve, 6),
        (extended, 6),
        (other_hash, 6),
        (no_agreement, 6),
        (HUB_CERTIFICATE[:-1], 3),
    ):
        ncp, radio = FakeNcp(), FakeRadio({0: bytes((2, 0, 3, 6)) + certificate})
        assert establish(ncp, radio) == (reason,)
        assert radio.sent[-1] == (3, bytes((reason, 0, 3, 0)))
        assert not [c for c in ncp.commands if c[0].startswith("generate")]


def test_the_suite_1_certificate():
    own = bytes(30) + b"TESTSECA" + bytes(10)
    good = bytes(22) + HUB + b"TESTSECA" + bytes(10)
    assert check_certificate(1, good, own, HUB) == 0
    assert check_certificate(1, good[:22] + bytes(8) + good[30:], own, HUB) == 3
    assert check_certificate(1, good[:30] + b"TESTSECB" + good[38:], own, HUB) == 1


def test_an_answer_with_other_suites_or_reserved_times_is_a_bad_message():
    for head in ((3, 0, 3, 6), (1, 0, 3, 6), (2, 0, 0xFF, 6), (2, 0, 3, 0xFF)):
        radio = FakeRadio({0: bytes(head) + HUB_CERTIFICATE})
        assert establish(FakeNcp(), radio) == (3,)
    assert establish(FakeNcp(), FakeRadio({0: b""})) == (3,)
    assert establish(FakeNcp(), FakeRadio({1: POINT[:-1]})) == (3,)


def test_a_hub_that_wants_another_suite_gets_it():
    suite_1 = bytes(22) + bytes.fromhex("0A0B0C0D0E0F1012") + b"TESTSECA" + bytes(10)
    ncp = FakeNcp({"": suite_1, "283k1": OWN_CERTIFICATE})
    ncp.answers["generateCbkeKeysHandler"] = ("", [OK, bytes(22)])
    ncp.answers["calculateSmacsHandler"] = ("", [OK, MACU, MACV])

    class Fussy(FakeRadio):
        async def request(self, node_id, endpoint, cluster, frame, wait_ms=5000):
            if frame[0] and frame[2] == 0:
                self.script[0] = (
                    (bytes((0x09, 0x77, 3, 5, 0, 1, 0)),)
                    if frame[3] == 2
                    else bytes((1, 0, 3, 6)) + bytes(22) + HUB + b"TESTSECA" + bytes(10)
                )
            return await FakeRadio.request(self, node_id, endpoint, cluster, frame, wait_ms)

    radio = Fussy({1: bytes(22)}, suites=3)
    assert establish(ncp, radio) == 1
    assert ncp.commands[-1] == ("clearTemporaryDataMaybeStoreLinkKey", 1)


def test_a_hub_that_refuses_the_suite_and_offers_no_other_is_not_asked_again():
    certificates = {"": bytes(48), "283k1": OWN_CERTIFICATE}
    radio = FakeRadio({0: (bytes((0x09, 0x77, 3, 5, 0, 2, 0)),)}, suites=3)
    assert establish(FakeNcp(certificates), radio)[0] == 5
    assert [command for command, _ in radio.sent] == [0]


def test_an_answer_to_another_step_or_a_default_response_is_a_bad_message():
    radio = FakeRadio({0: (bytes((0x09, 1, 1, 2, 0, 3, 6)) + HUB_CERTIFICATE,)})
    assert establish(FakeNcp(), radio) == (3,)
    radio = FakeRadio({0: (bytes((0x18, 1, 0x0B, 0, 0x81)),)})
    assert establish(FakeNcp(), radio) == (3, None, None)
    assert [command for command, _ in radio.sent] == [0]  # who said no is not told so


def test_no_suite_in_common_and_no_certificate_at_all():
    assert establish(FakeNcp(), FakeRadio(suites=1))[0] == 5
    assert establish(FakeNcp({"": None, "283k1": None}), FakeRadio())[0] >= 0x100


def test_an_ncp_that_cannot_compute_or_store():
    for handler in ("generateCbkeKeysHandler283k1", "calculateSmacsHandler283k1"):
        for answer in (None, ("", [FAIL, POINT, MACV])):
            ncp = FakeNcp()
            ncp.answers[handler] = answer
            assert establish(ncp, FakeRadio())[0] >= 0x100
            assert ncp.stored() == [0]
    assert establish(FakeNcp(store=FAIL), FakeRadio())[0] >= 0x100

    class Refusing(FakeNcp):
        async def command(self, name, *values):
            answer = await FakeNcp.command(self, name, *values)
            return [FAIL] if name.startswith("calculate") else answer

    radio = FakeRadio()
    assert establish(Refusing(), radio) == (0x101,)
    assert [command for command, _ in radio.sent] == [0, 1]


def test_every_end_has_its_outcome_and_its_wait():
    for reason in (1, 2, 3, 4, 5, 6, 0x100, 0x101, 0x55):
        code, wait = consequence(reason, None, 3)
        assert code in ("P06", "P07", "P08") and wait >= 300, reason
        assert consequence(reason, 7200, 3)[1] == 7200
        assert consequence(reason, 0, 10)[1] >= 900
    assert consequence(4, 10, 1) == (None, 30)
    assert consequence(0x100, None, 1) == (None, 30)
    for reason in (1, 5, 6):
        assert consequence(reason, None, 1) == ("P06", 3600)


def test_comparing_macs():
    assert same(b"abc", b"abc") and not same(b"abc", b"abd") and not same(b"abc", b"ab") and not same(b"", b"a")
