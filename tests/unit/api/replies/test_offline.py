"""The offline responder: what it says to whom, without any I/O."""

from __future__ import annotations

import pytest

from api.knowledge.entry import shipped_entries
from api.knowledge.memory import MemoryKnowledge
from api.knowledge.relevance import Relevance
from api.replies.model import Passage, Source, Turn
from api.replies.offline import OfflineResponder
from api.replies.scripts import shipped_scripts
from api.replies.vetting import unknown_numbers
from api.risk.model import CATEGORIES, Assessment, Level

ENTRIES = shipped_entries()
MEMORY = MemoryKnowledge()
CALM = Assessment(Level.NONE)


class Untouchable:
    """A knowledge base that nobody may search."""

    async def search(self, question: str, limit: int = 3) -> list[Passage]:
        raise AssertionError("a person in danger must not wait for a search")


def responder(knowledge: object = MEMORY) -> OfflineResponder:
    return OfflineResponder(knowledge, Relevance(ENTRIES, MEMORY), ENTRIES, shipped_scripts())


async def test_a_question_is_answered_from_the_knowledge_base_with_a_gentle_question() -> None:
    reply = await responder().reply("美沙冬要每天去喝嗎", (), CALM)
    assert reply.source is Source.OFFLINE
    assert reply.passages == ("methadone",)
    assert next(entry.text for entry in ENTRIES if entry.id == "methadone") in reply.text
    assert reply.text.endswith("？")


async def test_the_same_message_gets_the_same_answer() -> None:
    one = await responder().reply("最近都睡不著", (), CALM)
    assert await responder().reply("最近都睡不著", (), CALM) == one


async def test_an_english_message_gets_an_english_answer() -> None:
    reply = await responder().reply("Where can I get methadone?", (), CALM)
    assert reply.passages == ("methadone",)
    assert reply.text.isascii()
    assert reply.text.endswith("?")


async def test_a_short_message_is_understood_by_the_one_before_it() -> None:
    history = (Turn("person", "美沙冬可以幫我嗎"), Turn("assistant", "可以跟醫師談談。"))
    assert (await responder().reply("那會很久嗎", history, CALM)).passages == ("methadone",)
    assert (await responder().reply("那會很久嗎", (), CALM)).passages == ()


async def test_a_short_message_with_its_own_topic_is_taken_by_itself() -> None:
    history = (Turn("person", "美沙冬可以幫我嗎"), Turn("assistant", "可以跟醫師談談。"))
    assert (await responder().reply("我睡不著", history, CALM)).passages == ("sleep",)


async def test_an_unknown_topic_is_admitted_and_a_person_is_offered() -> None:
    reply = await responder().reply("台積電股票可以買嗎", (), CALM)
    assert reply.passages == ()
    assert "1925" in reply.text
    later = await responder().reply("台積電股票可以買嗎", (Turn("person", "股票"),), CALM)
    assert later.text != reply.text


@pytest.mark.parametrize("message", ["我不想活了", "I want to die tonight"])
@pytest.mark.parametrize("level", [Level.HIGH, Level.IMMINENT])
async def test_a_person_in_danger_gets_the_script_without_any_search(message: str, level: Level) -> None:
    reply = await responder(Untouchable()).reply(message, (), Assessment(level, ("suicide",)))
    assert reply.source is Source.OFFLINE
    assert "1925" in reply.text
    assert reply.text.isascii() == message.isascii()


async def test_the_script_follows_the_danger() -> None:
    said = {
        category: (await responder().reply("救命", (), Assessment(Level.IMMINENT, (category,)))).text
        for category in ("suicide", "overdose", "violence", "self_harm", "drug_use")
    }
    assert len(set(said.values())) == 5
    assert "119" in said["overdose"]
    assert "113" in said["violence"]


async def test_a_greeting_is_no_small_talk_where_something_worries() -> None:
    calm = await responder().reply("你好", (), CALM)
    worried = await responder().reply("你好", (), Assessment(Level.MEDIUM, ("suicide",)))
    assert "1925" not in calm.text
    assert "1925" in worried.text


async def test_medium_danger_adds_the_line_unless_it_is_named_already() -> None:
    assessment = Assessment(Level.MEDIUM, ("mental_health",))
    sleepless = await responder().reply("最近都睡不著", (), assessment)
    assert sleepless.passages == ("sleep",)
    assert sleepless.text.count("1925") == 1
    lonely = await responder().reply("覺得很孤單都沒有朋友", (), assessment)
    assert lonely.text.count("1925") == 1


async def test_every_entry_can_be_told_and_names_known_numbers_only() -> None:
    for entry in ENTRIES:
        reply = await responder().reply(f"{entry.title} {entry.keywords[0]}", (), CALM)
        assert reply.text
        assert unknown_numbers(reply.text) == []
        assert len(reply.text) < 260


async def test_a_passage_of_a_newer_release_is_told_as_well() -> None:
    class Newer:
        async def search(self, question: str, limit: int = 3) -> list[Passage]:
            return [Passage("of-tomorrow", "新的", "明天才有的內容。", "", 0.8)]

    reply = await responder(Newer()).reply("明天的事", (), CALM)
    assert reply.passages == ("of-tomorrow",)
    assert "明天才有的內容" in reply.text


@pytest.mark.parametrize(
    ("categories", "entry"),
    [(("relapse",), "relapse"), (("drug_use",), "hotline-drugs"), (("violence",), "hotline-113")],
)
async def test_a_worry_is_answered_where_the_words_point_nowhere(
    categories: tuple[str, ...], entry: str
) -> None:
    reply = await responder().reply("就是那樣啊", (), Assessment(Level.LOW, categories))
    assert reply.passages == (entry,)


async def test_every_category_has_an_entry_that_is_shipped_in_both_languages() -> None:
    entries = {entry.id: entry for entry in ENTRIES}
    for category in CATEGORIES:
        name = shipped_scripts().entry_for((category,))
        assert name is not None
        assert entries[name].english


async def test_somebody_who_tells_is_listened_to_and_somebody_who_asks_gets_an_honest_answer() -> None:
    told = await responder().reply("我很想他", (), CALM)
    asked = await responder().reply("他會回來嗎", (), CALM)
    assert "我聽到了" in told.text
    assert "不太確定" in asked.text
    english = await responder().reply("nobody came today", (), CALM)
    assert "I hear you" in english.text
