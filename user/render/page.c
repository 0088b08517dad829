// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "render/page_data.h"

/* The page without data, as the build puts it together of user/render/page/ and the library. */
__asm__(".section .rodata\n"
	"page_template:\n"
	".incbin \"page.html\"\n"
	"page_template_end:\n"
	".previous\n");
extern const char page_template[], page_template_end[];

static const char data_mark[] = "@DATA@";

static void json_put(struct json_object **object)
{
	json_object_put(*object);
}

/*
 * Inside an element <script> no text may end it or begin a comment: JSON has '<' in strings alone,
 * where it can be told in another way.
 */
static void json_write(FILE *out, struct json_object *data)
{
	const char *text = json_object_to_json_string_ext(
		data, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t length;

	for (; *text; text += length) {
		length = strcspn(text, "<");
		fwrite(text, 1, length, out);
		if (text[length] == '<') {
			fputs("\\u003c", out);
			length++;
		}
	}
}

int page_write(FILE *out, const struct page *page)
{
	const char *mark = memmem(page_template, (size_t)(page_template_end - page_template),
				  data_mark, sizeof(data_mark) - 1);
	const char *rest = mark + sizeof(data_mark) - 1;
	__attribute__((cleanup(json_put))) struct json_object *data = page_data(page);
	int error;

	if (!data)
		return -ENOMEM;
	fwrite(page_template, 1, (size_t)(mark - page_template), out);
	fputs("<script type=\"application/json\" id=\"data\">", out);
	json_write(out, data);
	fputs("</script>\n", out);
	error = page_write_columns(out, page->picture);
	fwrite(rest, 1, (size_t)(page_template_end - rest), out);
	return error ?: ferror(out) ? -EIO : 0;
}
