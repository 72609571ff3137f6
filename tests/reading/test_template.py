"""What a form's template says, and what is told of one that is not right."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitnet.errors import DigitnetError, SettingsError
from digitnet.reading.fields import Field
from digitnet.reading.template import MOST_FIELDS, Template
from support.forms import blank_form, save

FIELD = '[[field]]\nname = "a"\nbox = [10, 20, 200, 60]\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    save(blank_form().picture, tmp_path / "blank.png")
    return tmp_path


def load(place: Path, text: str) -> Template:
    (place / "form.toml").write_text(text)
    return Template.load(place / "form.toml")


def test_fields_in_their_order_with_the_options_words(place: Path) -> None:
    template = load(
        place,
        'picture = "blank.png"\n'
        + FIELD
        + '[[field]]\nname = "b c.d-e_1"\nbox = [0, 0, 992, 1403]\nlength = 4\npattern = "dddd"\n'
        'allow = "0123456789"\nmin = 1900\nmax = 2.03e3\n',
    )
    one, two = template.fields
    assert (one.name, one.box, one.says) == ("a", (10, 20, 200, 60), None)
    assert two.name == "b c.d-e_1"
    says = Field(length=4, pattern="dddd", allow="0123456789", least=1900, most=2030.0)
    assert two.says == says
    assert template.blank.picture.shape == (1403, 992)


BOX = "box = [10, 20, 200, 60]"
MISTAKES = {
    "unknown key": (f'[[field]]\nname = "a"\n{BOX}\nlenght = 3', "field a has 'lenght'"),
    "unknown at the top": (f'colour = 1\n{FIELD}', "It has 'colour'"),
    "no name": (f"[[field]]\n{BOX}", "Field 1 has no name"),
    "a name with a comma": (f'[[field]]\nname = "a,b"\n{BOX}', "is called 'a,b'"),
    "a name of blanks": (f'[[field]]\nname = " "\n{BOX}', "is called ' '"),
    "twice": (FIELD + FIELD, "Two fields are called a"),
    "no box": ('[[field]]\nname = "a"', "field a needs box ="),
    "three numbers": ('[[field]]\nname = "a"\nbox = [1, 2, 3]', "field a needs box ="),
    "nan": ('[[field]]\nname = "a"\nbox = [1, 2, nan, 60]', "field a needs box ="),
    "truth": ('[[field]]\nname = "a"\nbox = [true, 2, 30, 60]', "field a needs box ="),
    "outside": ('[[field]]\nname = "a"\nbox = [10, 20, 993, 60]', "outside of the blank form"),
    "above": ('[[field]]\nname = "a"\nbox = [10, -1, 99, 60]', "outside of the blank form"),
    "turned round": ('[[field]]\nname = "a"\nbox = [200, 20, 10, 60]', "under 8 pixels"),
    "length in words": (FIELD + 'length = "6"', "length = '6', which must be a whole number"),
    "length of truth": (FIELD + "length = true", "length = True, which must be a whole number"),
    "length 0": (FIELD + "length = 0", "The field a: a field has 1 to 100 characters"),
    "min nan": (FIELD + "min = nan", "min = nan, which must be a number"),
    "max inf": (FIELD + "max = inf", "max = inf, which must be a number"),
    "min over max": (FIELD + "min = 9\nmax = 1", "The field a: no number is between 9 and 1"),
    "letters": (FIELD + 'allow = "abc"', "not a b c"),
    "no such checksum": (FIELD + 'checksum = "lunh"', "The field a: there is no checksum lunh"),
    "code": (FIELD + 'checksum = "os:system"', "field a names code for its checksum"),
    "no fields": ("", "It has no fields"),
    "a field that is a number": ("field = [1]", "It has no fields"),
    "an empty list": ("field = []", "It has 0 fields"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_one_sentence_that_names_the_place(place: Path, mistake: str) -> None:
    text, told = MISTAKES[mistake]
    with pytest.raises(SettingsError) as raised:
        load(place, f'picture = "blank.png"\n{text}\n')
    assert told in str(raised.value)
    assert "form.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_code_is_not_even_looked_up(place: Path) -> None:
    with pytest.raises(SettingsError, match="names code"):
        load(place, f'picture = "blank.png"\n{FIELD}checksum = "no_such_module:f"\n')


def test_too_many_fields(place: Path) -> None:
    rows = "".join(FIELD.replace('"a"', f'"f{k}"') for k in range(MOST_FIELDS + 1))
    with pytest.raises(SettingsError, match="there may be 500"):
        load(place, f'picture = "blank.png"\n{rows}')


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("", "names no picture"),
        ("gone.png", "There is no picture gone.png"),
        ("../blank.png", "outside of its folder"),
        ("link.png", "outside of its folder"),
        ("text.png", "text.png is text"),
        ("white.png", "Too little is printed"),
    ],
)
def test_the_blank_forms_picture(tmp_path: Path, named: str, told: str) -> None:
    place = tmp_path / "forms"
    place.mkdir()
    save(blank_form().picture, tmp_path / "blank.png")
    (place / "link.png").symlink_to(tmp_path / "blank.png")
    (place / "text.png").write_text("not a picture")
    save(blank_form().picture * 0 + 255, place / "white.png")
    with pytest.raises(DigitnetError, match=told):
        load(place, f'picture = "{named}"\n{FIELD}')
    with pytest.raises(DigitnetError, match="outside of its folder"):
        load(place, f'picture = "{tmp_path / "blank.png"}"\n{FIELD}')


def test_what_is_no_template(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no template"):
        Template.load(tmp_path / "gone.toml")
    bad = tmp_path / "bad.toml"
    for content in (b"picture = ", b"\xff\xfe", b"a = " + b"[" * 5000, b"#" * (2**20 + 1)):
        bad.write_bytes(content)
        with pytest.raises(SettingsError, match="cannot be read"):
            Template.load(bad)
    with pytest.raises(SettingsError, match="cannot be read"):
        Template.load(tmp_path)


def test_a_template_whose_blank_form_is_at_hand(place: Path) -> None:
    text = 'picture = "elsewhere/any.png"\n' + FIELD
    template = Template.of(text.encode(), blank_form().picture)
    assert template.fields == load(place, 'picture = "blank.png"\n' + FIELD).fields
    assert Template.of(FIELD.encode(), blank_form().picture).fields == template.fields
    with pytest.raises(SettingsError, match="The template is not right: It has 'colour'"):
        Template.of(b"colour = 1\n" + text.encode(), blank_form().picture)
    with pytest.raises(SettingsError, match="more than 1 MiB"):
        Template.of(b"#" * (2**20 + 1), blank_form().picture)
    with pytest.raises(SettingsError, match="cannot be read"):
        Template.of(b"[" * 1000, blank_form().picture)
