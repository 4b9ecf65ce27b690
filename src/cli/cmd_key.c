/* SPDX-License-Identifier: ISC
 *
 * lightscore key: make an API key. It is printed once; the file has its hash.
 */
#include "cli/cli.h"
#include "keys/keys.h"

int
cmd_key(const struct command *self, int argc, char *argv[])
{
	const char *arguments[CLI_ARGUMENTS_MAX];
	char key[KEYS_TEXT + 1], text[KEYS_TEXT + 2];
	struct buf b;
	struct err err;
	int n, status;

	if (!cli_parse(self, argc, argv, NULL, 0, 2, 2, arguments, &n,
		&status))
		return status;
	if (!keys_add(arguments[0], arguments[1], key, &err))
		return cli_fail(&err);
	buf_init(&b, text, sizeof(text));
	buf_printf(&b, "%s\n", key);
	return cli_print(&b);
}
