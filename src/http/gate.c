/* SPDX-License-Identifier: ISC
 *
 * The records that libfcgi may see. It handles a request of a web server
 * right; it overruns its stack on a GET_VALUES with a name four times,
 * believes any length of a name, takes a connection over when asked to, and
 * skips what it does not know. None of that passes here. Nothing is kept of
 * what passes, so no length that a peer claims costs memory.
 */
#include "http/gate.h"

enum { VERSION_1 = 1, RESPONDER = 1, BODY_OF_BEGIN = 8 };
enum record { BEGIN = 1, PARAMS = 4, STDIN = 5 };

static uint32_t
number(const unsigned char *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static bool
is_expected(const struct gate *g, unsigned type)
{
	static const unsigned char types[] = {
	    [GATE_BEGIN] = BEGIN,
	    [GATE_PARAMS] = PARAMS,
	    [GATE_STDIN] = STDIN,
	};

	return g->stage != GATE_END && types[g->stage] == type;
}

/* A stream ends with an empty record: not within a pair. */
static bool
end_stream(struct gate *g)
{
	if (g->stage == GATE_PARAMS &&
	    (g->lengths > 0 || g->length_n > 0 || g->pair > 0))
		return false;
	g->stage++;
	return true;
}

/* Between two streams libfcgi forgets that there is padding to be skipped,
 * and takes it for records. No web server pads there. */
static bool
take_head(struct gate *g)
{
	g->in_content = true;
	g->head_n = 0;
	g->content = number(g->head + 4);
	g->padding = g->head[6];
	if (g->head[0] != VERSION_1 || !is_expected(g, g->head[1]))
		return false;
	if (g->stage == GATE_BEGIN) {
		g->id = (uint16_t)number(g->head + 2);
		return g->id != 0 && g->content == BODY_OF_BEGIN &&
		    g->padding == 0;
	}
	if (number(g->head + 2) != g->id)
		return false;
	if (g->stage == GATE_PARAMS)
		g->params += g->content;
	return g->params <= GATE_PARAMS_MAX &&
	    (g->content > 0 || (g->padding == 0 && end_stream(g)));
}

static bool
take_begin(struct gate *g, unsigned char byte)
{
	g->head[g->head_n++] = byte;
	if (g->head_n < BODY_OF_BEGIN)
		return true;
	g->head_n = 0;
	g->stage = GATE_PARAMS;
	return number(g->head) == RESPONDER;
}

/* A length: one byte, or four with the first bit set. */
static bool
take_length(struct gate *g, unsigned char byte)
{
	bool is_long = g->length_n == 0 ? byte >= 0x80 : true;

	if (g->length_n == 0)
		g->length = byte & 0x7f;
	else
		g->length = g->length << 8 | byte;
	g->length_n++;
	if (is_long && g->length_n < 4)
		return true;
	g->length_n = 0;
	g->pair += g->length; /* each below 2^31 */
	g->lengths++;
	if (g->pair > GATE_PARAMS_MAX)
		return false;
	if (g->lengths == 2 && g->pair == 0)
		g->lengths = 0;
	return true;
}

/* As much of names and values as is there; how many bytes, 0 if refused. */
static size_t
take_params(struct gate *g, const unsigned char *p, size_t n)
{
	if (g->lengths < 2)
		return take_length(g, *p) ? 1 : 0;
	if (n > g->pair)
		n = g->pair;
	g->pair -= (uint32_t)n;
	if (g->pair == 0)
		g->lengths = 0;
	return n;
}

/* Content of the record: how many bytes, 0 if refused. */
static size_t
take_content(struct gate *g, const unsigned char *p, size_t n)
{
	if (n > g->content)
		n = g->content;
	if (g->stage == GATE_BEGIN)
		n = take_begin(g, *p) ? 1 : 0;
	else if (g->stage == GATE_PARAMS)
		n = take_params(g, p, n);
	g->content -= (uint32_t)n;
	return n;
}

static size_t
take_some(struct gate *g, const unsigned char *p, size_t n)
{
	if (!g->in_content) {
		g->head[g->head_n++] = *p;
		return g->head_n < sizeof(g->head) || take_head(g) ? 1 : 0;
	}
	if (g->content > 0)
		return take_content(g, p, n);
	if (n > g->padding)
		n = g->padding;
	g->padding -= (uint32_t)n;
	return n;
}

static bool
take(struct gate *g, const unsigned char *p, size_t n)
{
	while (n > 0) {
		size_t taken = take_some(g, p, n);

		if (taken == 0)
			return false;
		p += taken;
		n -= taken;
		if (g->in_content && g->content == 0 && g->padding == 0)
			g->in_content = false;
	}
	return true;
}

bool
gate_take(struct gate *g, const unsigned char *p, size_t n)
{
	g->refused = g->refused || !take(g, p, n);
	return !g->refused;
}
