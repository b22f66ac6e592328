"""The documentation's table of topics is the code's."""

from pathlib import Path

from deepracer_nodes.topics import TOPICS

DOCUMENT = Path(__file__).parents[2] / "docs" / "architecture.md"


def test_every_topic_is_in_the_documentation_as_it_is_in_the_code():
    rows = {
        cells[0].strip("`"): cells
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    for topic in TOPICS:
        package = topic.message.__module__.split(".")[0]
        assert rows[topic.name] == [
            f"`{topic.name}`",
            f"{package}/{topic.message.__name__}",
            f"{topic.qos.reliability.name.lower()}, depth {topic.qos.depth}",
            topic.rate,
            topic.publisher,
            ", ".join(topic.subscribers) or "-",
            topic.content,
        ]


def test_topic_names_are_relative_so_that_a_worker_can_have_a_namespace():
    assert [topic.name for topic in TOPICS if topic.name.startswith("/")] == ["/clock"]
