// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pre-faulted memory: zeroed, writable to its ends, and resident before the first access. */
#include "flow/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define HUGE_BYTES ((size_t)2 << 20)

static const size_t sizes[] = {
	1, 4096, 4097, HUGE_BYTES - 1, HUGE_BYTES, HUGE_BYTES + 1, 5 * HUGE_BYTES + 12345,
};

static void pages_of_any_size_are_resident_and_zero(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t count = (sizes[i] + page - 1) / page;
		unsigned char *resident = malloc(count);
		uint8_t *bytes = pages_map(sizes[i]);

		assert_non_null(resident);
		assert_non_null(bytes);
		assert_int_equal((uintptr_t)bytes % (sizes[i] < HUGE_BYTES ? page : HUGE_BYTES), 0);
		assert_int_equal(mincore(bytes, count * page, resident), 0);
		for (size_t j = 0; j < count; j++)
			assert_int_equal(resident[j] & 1, 1);
		for (size_t j = 0; j < sizes[i]; j++) {
			assert_int_equal(bytes[j], 0);
			bytes[j] = 0xff;
		}
		pages_unmap(bytes, sizes[i]);
		/* Nothing of it stays mapped. */
		assert_int_equal(mincore(bytes, count * page, resident), -1);
		free(resident);
	}
	pages_unmap(NULL, 12345);
}

static void pages_beyond_the_address_space_are_refused(void **state)
{
	(void)state;
	assert_null(pages_map((size_t)1 << 62));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_any_size_are_resident_and_zero),
		cmocka_unit_test(pages_beyond_the_address_space_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
