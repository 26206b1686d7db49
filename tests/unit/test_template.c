// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The template engine, with tables of the test's own: what RFC 7011 (3.2, 3.4, 7), RFC 5103 and
 * RFC 3954 (5.2, 6.1) say a definition and a record look like, worked out by hand.
 */
#include "encode/template.h"

#include "encode_fixture.h"

#include "encode/source.h"

#define TEXT_MAX 2000

/* --- tables --- */

static const char *text_of_record;

static void put_a(char *place, const struct field_source *source)
{
	(void)source;
	memset(place, 0xaa, 1);
}

static void put_b(char *place, const struct field_source *source)
{
	assert_non_null(source->record);
	memset(place, 0xbb, 4);
}

static void put_c(char *place, const struct field_source *source)
{
	(void)source;
	memset(place, 0xcc, 8);
}

static void put_tos(char *place, const struct field_source *source)
{
	*place = (char)source->record->tos;
}

static const char *give_text(const struct field_source *source)
{
	(void)source;
	return text_of_record;
}

static const struct field plain_fields[] = {
	{.element = 4, .bytes = 1, .put = put_a},
	{.element = 0x7fff, .bytes = 4, .put = put_b},
	{.element = 1, .bytes = 8, .put = put_c},
};
static const struct template plain = {.id = 256, .count = 3, .fields = plain_fields};
static const struct template options = {
	.id = 65535, .scopes = 2, .count = 3, .fields = plain_fields};

static const struct field owned_fields[] = {
	{.element = 1, .bytes = 8, .put = put_c},
	{.element = 1, .bytes = 8, .owner = FIELD_REVERSE, .put = put_c},
	{.element = 1, .bytes = FIELD_VARIABLE, .owner = FIELD_OWN, .text = give_text},
	{.element = 239, .bytes = 1, .put = put_a},
};
static const struct template owned = {.id = 257, .count = 4, .fields = owned_fields};

static const struct field text_fields[] = {
	{.element = 10, .bytes = 4, .put = put_b},
	{.element = 82, .bytes = FIELD_VARIABLE, .text = give_text},
	{.element = 4, .bytes = 1, .put = put_a},
};
static const struct template texts = {.id = 302, .scopes = 1, .count = 3, .fields = text_fields};

/* --- definitions --- */

static void template_of_ipfix_is_exact(void **state)
{
	char place[100];
	struct writer writer;

	(void)state;
	writer_init(&writer, place, sizeof(place));
	template_put_ipfix(&writer, &plain, EXAMPLE_ENTERPRISE);
	expect_written(&writer, "0100 0003"
				"0004 0001"
				"7fff 0004"
				"0001 0008");
}

static void template_of_ipfix_options_counts_its_scopes(void **state)
{
	char place[100];
	struct writer writer;

	(void)state;
	writer_init(&writer, place, sizeof(place));
	template_put_ipfix(&writer, &options, EXAMPLE_ENTERPRISE);
	expect_written(&writer, "ffff 0003 0002"
				"0004 0001"
				"7fff 0004"
				"0001 0008");
}

/* The enterprise bit is set if and only if a number follows. */
static void template_of_ipfix_names_enterprises(void **state)
{
	char place[100];
	struct writer writer;

	(void)state;
	writer_init(&writer, place, sizeof(place));
	template_put_ipfix(&writer, &owned, EXAMPLE_ENTERPRISE);
	template_put_ipfix(&writer, &owned, UINT32_MAX);
	expect_written(&writer, "0101 0004"
				"0001 0008"
				"8001 0008 00007279"
				"8001 ffff 00007ed9"
				"00ef 0001"
				"0101 0004"
				"0001 0008"
				"8001 0008 00007279"
				"8001 ffff ffffffff"
				"00ef 0001");
}

static void template_of_netflow9_is_exact(void **state)
{
	char place[100];
	struct writer writer;

	(void)state;
	writer_init(&writer, place, sizeof(place));
	template_put_netflow9(&writer, &plain);
	expect_written(&writer, "0100 0003"
				"0004 0001"
				"7fff 0004"
				"0001 0008");
}

/* NetFlow v9 tells octets of scopes and of options, not how many there are. */
static void template_of_netflow9_options_has_lengths(void **state)
{
	char place[100];
	struct writer writer;

	(void)state;
	writer_init(&writer, place, sizeof(place));
	template_put_netflow9(&writer, &options);
	expect_written(&writer, "ffff 0008 0004"
				"0004 0001"
				"7fff 0004"
				"0001 0008");
}

static void template_record_bytes_are_those_of_the_shortest_record(void **state)
{
	(void)state;
	assert_int_equal(template_record_bytes(&plain), 13);
	assert_int_equal(template_record_bytes(&options), 13);
	assert_int_equal(template_record_bytes(&owned), 18);
	assert_int_equal(template_record_bytes(&texts), 6);
}

/* --- records --- */

static void template_data_is_in_order_of_the_table(void **state)
{
	const struct flow_record record = {0};
	const struct field_source source = {.record = &record};
	char place[100];
	struct writer writer;

	(void)state;
	writer_init(&writer, place, sizeof(place));
	template_put_data(&writer, &plain, &source);
	text_of_record = "eth0";
	template_put_data(&writer, &texts, &source);
	expect_written(&writer, "aa bbbbbbbb cccccccccccccccc"
				"bbbbbbbb 04'eth0' aa");
}

/* RFC 5103: the same row says of a biflow's other half what it says of this one. */
static void template_reverse_fields_are_of_the_other_record(void **state)
{
	static const struct field fields[] = {
		{.element = 5, .bytes = 1, .put = put_tos},
		{.element = 5, .bytes = 1, .owner = FIELD_REVERSE, .put = put_tos},
		{.element = 5, .bytes = 1, .owner = FIELD_OWN, .put = put_tos},
	};
	static const struct template biflow = {.id = 260, .count = 3, .fields = fields};
	const struct flow_record record = {.tos = 0x11}, reverse = {.tos = 0x22};
	const struct field_source source = {.record = &record, .reverse = &reverse};
	char place[100];
	struct writer writer;

	(void)state;
	writer_init(&writer, place, sizeof(place));
	template_put_data(&writer, &biflow, &source);
	expect_written(&writer, "11 22 11");
}

/* --- texts --- */

/* What is put for the text, without the fields around it. */
static size_t encode_text(const char *text, uint8_t encoded[static 256])
{
	static const struct field field = {
		.element = 82, .bytes = FIELD_VARIABLE, .text = give_text};
	static const struct template only = {.id = 302, .count = 1, .fields = &field};
	const struct field_source source = {0};
	struct writer writer;

	text_of_record = text;
	writer_init(&writer, (char *)encoded, 256);
	template_put_data(&writer, &only, &source);
	assert_int_equal(writer.overflow, 0);
	assert_true(writer.used >= 1);
	assert_int_equal(encoded[0], writer.used - 1);
	return writer.used;
}

static void expect_text(const char *text, const char *golden)
{
	uint8_t encoded[256];
	size_t count = encode_text(text, encoded);

	expect_bytes(encoded, count, golden);
}

static void template_text_has_an_octet_of_length(void **state)
{
	(void)state;
	expect_text("", "00");
	expect_text("x", "01 'x'");
	expect_text("wlp3s0f0u1u4i2", "0e 'wlp3s0f0u1u4i2'");
	expect_text("h\xc3\xb6st \xe2\x82\xac \xf0\x9f\x98\x80",
		    "0e 'h' c3b6 'st ' e282ac 20 f09f9880");
	expect_text("\x01\x7f\t\n", "04 017f090a");
}

/* One U+FFFD for each byte that is not part of a well-formed sequence (RFC 3629). */
static void template_text_ill_formed_is_replaced(void **state)
{
	(void)state;
	expect_text("a\xffz", "05 'a' efbfbd 'z'");
	expect_text("\x80", "03 efbfbd"); /* begins nothing */
	expect_text("\xc3", "03 efbfbd"); /* cut short by the end */
	expect_text("\xe2\x82", "06 efbfbd efbfbd");
	expect_text("\xf0\x9f\x98", "09 efbfbd efbfbd efbfbd");
	expect_text("\xf0\x9f\x98x", "0a efbfbd efbfbd efbfbd 'x'");
	expect_text("\xc0\xaf", "06 efbfbd efbfbd"); /* overlong */
	expect_text("\xc1\xbf", "06 efbfbd efbfbd");
	expect_text("\xe0\x9f\xbf", "09 efbfbd efbfbd efbfbd");
	expect_text("\xf0\x8f\xbf\xbf", "0c efbfbd efbfbd efbfbd efbfbd");
	expect_text("\xed\xa0\x80", "09 efbfbd efbfbd efbfbd"); /* surrogates */
	expect_text("\xed\xbf\xbf", "09 efbfbd efbfbd efbfbd");
	expect_text("\xf4\x90\x80\x80", "0c efbfbd efbfbd efbfbd efbfbd"); /* above U+10FFFF */
	expect_text("\xf8\x88\x80\x80\x80", "0f efbfbd efbfbd efbfbd efbfbd efbfbd");
	/* and their well-formed neighbours are not */
	expect_text("\xc2\x80", "02 c280");
	expect_text("\xe0\xa0\x80", "03 e0a080");
	expect_text("\xed\x9f\xbf\xee\x80\x80", "06 ed9fbf ee8080");
	expect_text("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "08 f0908080 f48fbfbf");
}

/* `ascii` letters, then the tail; `kept` is how much of that must be there. */
static void expect_cut(size_t ascii, const char *tail, size_t kept)
{
	char text[TEXT_MAX];
	uint8_t encoded[256];

	memset(text, 'a', ascii);
	strcpy(text + ascii, tail);
	assert_int_equal(encode_text(text, encoded), kept + 1);
	assert_memory_equal(encoded + 1, text, kept);
}

static void template_text_is_cut_between_characters(void **state)
{
	(void)state;
	expect_cut(249, "", 249);
	expect_cut(250, "", 250);
	expect_cut(251, "", 250);
	expect_cut(1000, "", 250);
	expect_cut(248, "\xc3\xb6", 250);
	expect_cut(249, "\xc3\xb6", 249);
	expect_cut(250, "\xc3\xb6", 250);
	expect_cut(247, "\xe2\x82\xac", 250);
	expect_cut(248, "\xe2\x82\xac", 248);
	expect_cut(249, "\xe2\x82\xac", 249);
	expect_cut(246, "\xf0\x9f\x98\x80", 250);
	expect_cut(247, "\xf0\x9f\x98\x80", 247);
	expect_cut(249, "\xf0\x9f\x98\x80", 249);
	expect_cut(249, "\xc3\xb6z", 249); /* nothing behind the cut that would fit */
}

static void template_text_replacements_count_as_they_are_sent(void **state)
{
	char text[TEXT_MAX] = "";
	uint8_t encoded[256];

	(void)state;
	memset(text, 0xff, 300);
	assert_int_equal(encode_text(text, encoded), 1 + 83 * 3);
	text[0] = 'x';
	assert_int_equal(encode_text(text, encoded), 1 + 1 + 83 * 3);
	for (size_t i = 0; i < 83; i++)
		expect_bytes(encoded + 2 + 3 * i, 3, "efbfbd");
}

/* Length of the character at text by way of its number, 0 if it is none; a NUL ends the text. */
static size_t decode_character(const uint8_t *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = text[0] < 0x80	 ? 1
			: text[0] < 0xc0 ? 0
			: text[0] < 0xe0 ? 2
			: text[0] < 0xf0 ? 3
			: text[0] < 0xf8 ? 4
					 : 0;
	uint32_t number = length > 1 ? text[0] & (0x7f >> length) : text[0];

	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		number = number << 6 | (text[i] & 0x3f);
	}
	if (length &&
	    (number < least[length] || number > 0x10ffff || (number >= 0xd800 && number < 0xe000)))
		return 0;
	return length;
}

/* The whole of the text as it would be sent if it were not cut. */
static size_t sanitise(const char *text, uint8_t *sane)
{
	const uint8_t *next = (const uint8_t *)text;
	size_t count = 0, length;

	for (; *next; next += length ? length : 1) {
		length = decode_character(next);
		memcpy(sane + count, length ? (const void *)next : "\xef\xbf\xbd",
		       length ? length : 3);
		count += length ? length : 3;
	}
	return count;
}

/* Bytes that often make characters and often do not. */
static void make_random_text(char *text)
{
	static const uint8_t bytes[] = {'a',  '~',  0x80, 0xa0, 0xbf, 0xc2,
					0xe0, 0xed, 0xf0, 0xf4, 0xff};
	size_t length = random_below(300);

	for (size_t i = 0; i < length; i++)
		text[i] = (char)(random_below(4) ? bytes[random_below(sizeof(bytes))]
						 : random_below(255) + 1);
	text[length] = '\0';
}

static void template_text_of_any_bytes_is_well_formed(void **state)
{
	static char text[TEXT_MAX];
	static uint8_t encoded[256], sane[3 * TEXT_MAX];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t count, whole, at = 1;

		make_random_text(text);
		count = encode_text(text, encoded) - 1;
		whole = sanitise(text, sane);
		assert_true(count <= FIELD_TEXT_BYTES_MAX);
		assert_true(count <= whole);
		assert_memory_equal(encoded + 1, sane, count);
		while (at < count + 1) {
			size_t length = decode_character(encoded + at);

			assert_true(length);
			at += length;
		}
		assert_int_equal(at, count + 1);
		/* cut no earlier than it must be */
		if (count < whole)
			assert_true(count + decode_character(sane + count) > FIELD_TEXT_BYTES_MAX);
	}
}

/* --- overflow --- */

static void put_everything(struct writer *writer)
{
	const struct flow_record record = {0};
	const struct field_source source = {.record = &record};

	template_put_ipfix(writer, &owned, EXAMPLE_ENTERPRISE);
	template_put_ipfix(writer, &options, EXAMPLE_ENTERPRISE);
	template_put_netflow9(writer, &options);
	template_put_data(writer, &plain, &source);
	text_of_record = "a\xff\xc3\xb6";
	template_put_data(writer, &texts, &source);
}

static void template_without_room_overflows_and_stays_inside(void **state)
{
	char whole[200];
	struct writer writer;
	size_t size;

	(void)state;
	writer_init(&writer, whole, sizeof(whole));
	put_everything(&writer);
	assert_int_equal(writer.overflow, 0);
	size = writer.used;
	assert_int_equal(size, 28 + 18 + 18 + 13 + 4 + 7 + 1);
	for (size_t room = 0; room <= size; room++) {
		char *part = malloc(room ? room : 1); /* ASan sees a write past the end */

		assert_non_null(part);
		writer_init(&writer, part, room);
		put_everything(&writer);
		assert_int_equal(writer.overflow, room < size);
		assert_true(writer.used <= room);
		assert_memory_equal(part, whole, writer.used);
		free(part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(template_of_ipfix_is_exact),
		cmocka_unit_test(template_of_ipfix_options_counts_its_scopes),
		cmocka_unit_test(template_of_ipfix_names_enterprises),
		cmocka_unit_test(template_of_netflow9_is_exact),
		cmocka_unit_test(template_of_netflow9_options_has_lengths),
		cmocka_unit_test(template_record_bytes_are_those_of_the_shortest_record),
		cmocka_unit_test(template_data_is_in_order_of_the_table),
		cmocka_unit_test(template_reverse_fields_are_of_the_other_record),
		cmocka_unit_test(template_text_has_an_octet_of_length),
		cmocka_unit_test(template_text_ill_formed_is_replaced),
		cmocka_unit_test(template_text_is_cut_between_characters),
		cmocka_unit_test(template_text_replacements_count_as_they_are_sent),
		cmocka_unit_test(template_text_of_any_bytes_is_well_formed),
		cmocka_unit_test(template_without_room_overflows_and_stays_inside),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
