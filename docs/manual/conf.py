# SPDX-License-Identifier: GPL-2.0-only
#
# How Sphinx makes the HTML of the API. scripts/manual calls it; a reference that leads nowhere is an error.

project = "heapmod"
html_theme = "alabaster"
html_theme_options = {"page_width": "70em", "sidebar_width": "22em", "description": "a private heap for kernel code"}
html_sidebars = {"**": ["about.html", "searchbox.html", "localtoc.html"]}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
# Types of the kernel, and the struct that clients never look into.
nitpick_ignore = [("c:identifier", name) for name in (
    "__poll_t", "device", "file", "gfp_t", "heapmod", "poll_table_struct", "rcu_head", "seq_file", "size_t", "u32", "u64", "va_list")]
today = " "	# no date, so that two runs give the same files
man_pages = [("index", "heapmod", "private heaps for kernel code", [], 9)]
