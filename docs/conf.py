"""Conf: how Sphinx makes the site of these pages; `make docs` builds it into build/site."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_site"))

project = "digitnet"
author = "The digitnet authors"
copyright = author  # noqa: A001 (Sphinx calls it so)
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "formulas", "repository"]
exclude_patterns = ["_site", "**.ipynb"]
nitpick_ignore_regex = [("py:.*", ".*")]  # docstrings name things in plain words
nitpicky = True

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
myst_url_schemes = ["http", "https", "source"]
html_math_renderer = "mathml"

default_role = "literal"  # in docstrings
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # signatures say them
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_param = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "digitnet"
html_static_path = ["_site/static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
