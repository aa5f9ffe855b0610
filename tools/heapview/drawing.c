// SPDX-License-Identifier: GPL-2.0-only
/*
 * drawing - what all pictures are made of
 */
#include <errno.h>
#include <string.h>

#include "drawing.h"

static const char style[] =
	"<style>"
	"text{font:13px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#d8dee9}"
	".big{font-size:22px;font-weight:bold}"
	".dim{fill:#8b93a5;font-size:12px}"
	".end{text-anchor:end}"
	"</style>\n";

static void draw_byte(FILE *file, char byte)
{
	if (byte == '<')
		fputs("&lt;", file);
	else if (byte == '>')
		fputs("&gt;", file);
	else if (byte == '&')
		fputs("&amp;", file);
	else
		fputc(byte, file);
}

/* A character of UTF-8 that does not fit as a whole is omitted. */
void draw_escaped(FILE *file, const char *text, int most)
{
	size_t length = most < 0 ? strlen(text) : strnlen(text, most), i;

	while (length && (text[length] & 0xc0) == 0x80)
		length--;
	for (i = 0; i < length; i++)
		draw_byte(file, text[i]);
}

void draw_rect(FILE *file, double x, double y, double width, double height, const char *fill)
{
	fprintf(file, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"%s\"/>\n",
		x, y, width, height, fill);
}

void draw_text(FILE *file, double x, double y, const char *class, const char *words)
{
	fprintf(file, "<text x=\"%g\" y=\"%g\" class=\"%s\">", x, y, class);
	draw_escaped(file, words, -1);
	fputs("</text>\n", file);
}

static void draw_frame(FILE *file, const char *title, u32 width, u32 height, const char *inside)
{
	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" ", file);
	fprintf(file, "width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\">\n", width, height, width,
		height);
	fputs("<title>", file);
	draw_escaped(file, title, -1);
	fputs("</title>\n", file);
	fputs(style, file);
	fprintf(file, "<rect width=\"%u\" height=\"%u\" rx=\"10\" fill=\"" BACKGROUND "\"/>\n",
		width, height);
	fputs(inside, file);
	fputs("</svg>\n", file);
}

bool drawing_write(const char *path, const char *title, u32 width, u32 height, const char *inside,
		   struct problem *problem)
{
	FILE *file = fopen(path, "w");
	bool good;

	if (!file)
		return fail(problem, "cannot write %s: %s", path, strerror(errno));
	draw_frame(file, title, width, height, inside);
	good = !ferror(file);
	if (fclose(file) || !good)
		return fail(problem, "cannot write %s: %s", path, strerror(errno));
	return true;
}
