// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `flowprobe status` shows, for people and for programs: both texts, whole. */
#include "agent/status.h"

#include <unistd.h>

#include "agent_state_fixture.h"
#include "lib/version.h"

const char *__wrap_hook_kind_name(enum hook_kind kind);

const char *__wrap_hook_kind_name(enum hook_kind kind)
{
	static const char *const names[] = {"tcx", "tc", "xdp (native)", "xdp (generic)"};

	return names[kind];
}

/* The version and the process id are in it. */
#define EXPECT_TEXT(written, format)                                                     \
	do {                                                                             \
		char *got_ = (written), whole_[8192];                                    \
                                                                                         \
		snprintf(whole_, sizeof(whole_), format, version_number, (int)getpid()); \
		assert_string_equal(got_, whole_);                                       \
		free(got_);                                                              \
	} while (0)

static void status_text_says_it_all(void **state)
{
	const struct agent_state sample = make_sample_state();

	(void)state;
	EXPECT_TEXT(WRITTEN(status_write_text(stream_, &sample)),
		    "flowprobe %s, process %d, up 3 min 19 s\n"
		    "traffic     1.10 kpackets/s, 880 kbit/s\n"
		    "tables      61 of 32768 slots, 51 of 65536 flows\n"
		    "interfaces\n"
		    "  eth0              in tcx: 301 packets, 30.1 kB  out tc: 402 packets, "
		    "40.2 kB\n"
		    "  a\"\\\\x1b\xc3\xa4\\xff      in xdp (generic): 47 packets, 4.70 kB"
		    "  out: not captured\n"
		    "balance     1000 packets seen, all accounted for:\n"
		    "           600  in 60 records\n"
		    "           150  in flows not exported yet\n"
		    "             1  not IP\n"
		    "             2  malformed\n"
		    "             4  truncated\n"
		    "             8  too deep\n"
		    "            16  table full\n"
		    "            32  table busy\n"
		    "           187  sampled out\n"
		    "exporters\n"
		    "  collector        ipfix:udp://192.0.2.1:4739\n"
		    "                   up; records: 8001 sent, 502 waiting, 412 lost, 103 that it "
		    "cannot carry; 203 of those waiting on disk, 70.0 kB; 77 interfaces sent as "
		    "unknown\n"
		    "                   last error: Connection refused\n"
		    "  o2               openobserve:https://o2.example\n"
		    "                   DOWN; records: 0 sent, 0 waiting, 0 lost\n"
		    "                   last error: 500: \"no\\xffway\\x1b[2J\"\n");
}

static void status_text_says_what_is_wrong(void **state)
{
	struct agent_state sample = make_sample_state();
	const struct balance balance = {.errors = 3};
	const struct flow_cache_stats cache = {0};
	const struct exporter_state dead = {
		.name = "stdout", .type = "json", .target = "-", .stats = {.dead = 1}};

	(void)state;
	sample.healthy = 0;
	sample.reload.last_failed = 1;
	sample.sampling_interval = 100;
	sample.interface_count = 0;
	sample.balance = &balance;
	sample.cache = &cache;
	sample.exporters = &dead;
	sample.exporter_count = 1;
	sample.now_ns = sample.start_ns - 1; /* the clock was set back */
	EXPECT_TEXT(WRITTEN(status_write_text(stream_, &sample)),
		    "flowprobe %s, process %d, up 0 s, NOT HEALTHY: a loop is stuck\n"
		    "traffic     1.10 kpackets/s, 880 kbit/s\n"
		    "tables      61 of 32768 slots, 0 of 65536 flows\n"
		    "sampling    one packet in 100\n"
		    "interfaces\n"
		    "  none\n"
		    "balance     0 packets seen, NOT all accounted for (please report this as a "
		    "bug):\n"
		    "             0  in 0 records\n"
		    "             0  in flows not exported yet\n"
		    "exporters\n"
		    "  stdout           json:-\n"
		    "                   gone for good; records: 0 sent, 0 waiting, 0 lost\n"
		    "config      the last reload FAILED; an older configuration is in use\n");
}

static void status_uptime_has_two_units(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {
		{0, "up 0 s\n"},	  {59, "up 59 s\n"},
		{60, "up 1 min 0 s\n"},	  {3599, "up 59 min 59 s\n"},
		{3600, "up 1 h 0 min\n"}, {86399, "up 23 h 59 min\n"},
		{86400, "up 1 d 0 h\n"},  {1000 * 86400 + 7200, "up 1000 d 2 h\n"},
	};
	struct agent_state sample = make_sample_state();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text;

		sample.now_ns = sample.start_ns + cases[i].seconds * NS_PER_S + 1;
		text = WRITTEN(status_write_text(stream_, &sample));
		assert_non_null(strstr(text, cases[i].text));
		free(text);
	}
}

static void status_numbers_have_three_digits(void **state)
{
	static const struct {
		uint64_t packets;
		const char *text;
	} cases[] = {
		{0, " 0 packets/s"},
		{999, " 999 packets/s"},
		{1000, " 1.00 kpackets/s"},
		{12345, " 12.3 kpackets/s"},
		{999400, " 999 kpackets/s"},
		{1000000, " 1.00 Mpackets/s"},
		{18446744073709551615u, " 18446744 Tpackets/s"},
		/* what rounding would make a thousand is one of the next unit */
		{999600, " 1.00 Mpackets/s"},
		{9999, " 10.0 kpackets/s"},
		{99999, " 100 kpackets/s"},
	};
	struct agent_state sample = make_sample_state();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text;

		sample.rate[0].packets = cases[i].packets;
		sample.rate[1].packets = 0;
		text = WRITTEN(status_write_text(stream_, &sample));
		if (!strstr(text, cases[i].text))
			fail_msg("%s is not in %s", cases[i].text, text);
		free(text);
	}
}

static void status_json_says_it_all(void **state)
{
	const struct agent_state sample = make_sample_state();

	(void)state;
	EXPECT_TEXT(
		WRITTEN(status_write_json(stream_, &sample)),
		"{\"version\":\"%s\",\"pid\":%d,\"start\":1700000000,\"now\":1700000200,"
		"\"healthy\":true,\"config_is_current\":true,\"sampling\":1,"
		"\"rate\":{\"unit\":\"per second\",\"ingress\":{\"packets\":81,\"bytes\":8100},"
		"\"egress\":{\"packets\":1019,\"bytes\":101900}},"
		"\"flow_table\":{\"kind\":\"hash\",\"entries\":61,\"capacity\":32768},"
		"\"flow_cache\":{\"flows\":51,\"capacity\":65536,\"created\":5200,\"records\":60},"
		"\"balance\":{\"holds\":true,\"seen\":{\"packets\":1000,\"bytes\":100000},"
		"\"records\":{\"packets\":600,\"bytes\":60000},"
		"\"cached\":{\"packets\":150,\"bytes\":15000},"
		"\"not_ip\":{\"packets\":1,\"bytes\":100},"
		"\"malformed\":{\"packets\":2,\"bytes\":200},"
		"\"truncated\":{\"packets\":4,\"bytes\":400},"
		"\"too_deep\":{\"packets\":8,\"bytes\":800},"
		"\"table_full\":{\"packets\":16,\"bytes\":1600},"
		"\"table_busy\":{\"packets\":32,\"bytes\":3200},"
		"\"sampled_out\":{\"packets\":187,\"bytes\":18700}},"
		"\"interfaces\":[{\"name\":\"eth0\",\"index\":2,"
		"\"ingress\":{\"hook\":\"tcx\",\"packets\":301,\"bytes\":30100},"
		"\"egress\":{\"hook\":\"tc\",\"packets\":402,\"bytes\":40200}},"
		"{\"name\":\"a\\\"\\\\\\u001b\xc3\xa4\\ufffd\",\"index\":7,"
		"\"ingress\":{\"hook\":\"xdp (generic)\",\"packets\":47,\"bytes\":4700}}],"
		"\"exporters\":[{\"name\":\"collector\",\"type\":\"ipfix\","
		"\"target\":\"udp://192.0.2.1:4739\",\"up\":true,\"records\":{\"submitted\":9001,"
		"\"recovered\":17,\"sent\":8001,\"queued\":502,\"spooled\":203,"
		"\"lost_queue_full\":101,\"lost_failed\":102,\"lost_refused\":104,"
		"\"lost_spool_full\":105,\"unsupported\":103},\"spool_bytes\":70001,"
		"\"unknown_interfaces\":77,\"last_success\":1700000123,\"last_error\":\"Connection "
		"refused\"},"
		"{\"name\":\"o2\",\"type\":\"openobserve\",\"target\":\"https://o2.example\","
		"\"up\":false,\"records\":{\"submitted\":0,\"recovered\":0,\"sent\":0,\"queued\":0,"
		"\"spooled\":0,\"lost_queue_full\":0,\"lost_failed\":0,\"lost_refused\":0,"
		"\"lost_spool_full\":0,\"unsupported\":0},\"spool_bytes\":0,"
		"\"unknown_interfaces\":0,\"last_success\":0,"
		"\"last_error\":\"500: \\\"no\\ufffdway\\u001b[2J\\\"\"}]}\n");
}

static void status_json_says_what_is_wrong(void **state)
{
	struct agent_state sample = make_sample_state();
	const struct balance balance = {.errors = 1};
	char *text;

	(void)state;
	sample.healthy = 0;
	sample.reload.last_failed = 1;
	sample.balance = &balance;
	sample.table = FLOW_TABLE_SLOTS;
	sample.interface_count = sample.exporter_count = 0;
	text = WRITTEN(status_write_json(stream_, &sample));
	assert_non_null(strstr(text, ",\"healthy\":false,\"config_is_current\":false,"));
	assert_non_null(strstr(text, "\"kind\":\"slots\""));
	assert_non_null(strstr(text, "\"balance\":{\"holds\":false,"));
	assert_non_null(strstr(text, ",\"interfaces\":[],\"exporters\":[]}\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_text_says_it_all),
		cmocka_unit_test(status_text_says_what_is_wrong),
		cmocka_unit_test(status_uptime_has_two_units),
		cmocka_unit_test(status_numbers_have_three_digits),
		cmocka_unit_test(status_json_says_it_all),
		cmocka_unit_test(status_json_says_what_is_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
