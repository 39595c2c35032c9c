// A QEMU plugin that counts executed arm64 instructions by mnemonic. Built with
//   gcc -O2 -fPIC -shared -o mnemonics.so mnemonics.c
// and given to qemu-aarch64 as -plugin mnemonics.so,out=FILE it writes a line
// "simd|core MNEMONIC COUNT" for each. The declarations are those of the plugin
// API's version 1 (https://www.qemu.org/docs/master/devel/tcg-plugins.html);
// Debian packs no header.
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int op, void *counter, uint64_t n);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = 1;

static struct counter {
	char mnemonic[24];
	bool simd;
	uint64_t n;
} counters[2048];
static int used;
static const char *out;

// "Data processing -- scalar floating-point and advanced SIMD" is op0 = x111 in
// the architecture's table of top-level encodings.
static bool is_simd(uint32_t word) { return (word & 0x0e000000) == 0x0e000000; }

// SDOT and UDOT, of vectors and by element, which Debian's Capstone 4 does not know.
static bool is_dot(uint32_t word) { return (word & 0x9fe0fc00) == 0x0e809400 || (word & 0x9fc0f400) == 0x0f80e000; }

// QEMU translates under a lock, so that no two threads come here at once.
static struct counter *counter_of(const struct qemu_plugin_insn *insn) {
	uint32_t word;
	memcpy(&word, qemu_plugin_insn_data(insn), sizeof word);
	char mnemonic[sizeof counters->mnemonic] = "sdot";
	if (!is_dot(word)) {
		char *text = qemu_plugin_insn_disas(insn);
		sscanf(text, "%23s", mnemonic);
		free(text);
	}
	int i = 0;
	while (i < used && (counters[i].simd != is_simd(word) || strcmp(counters[i].mnemonic, mnemonic))) i++;
	if (i == used) {
		if (used + 1 < (int)(sizeof counters / sizeof *counters)) used++;
		strcpy(counters[i].mnemonic, mnemonic);
		counters[i].simd = is_simd(word);
	}
	return &counters[i];
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb) {
	(void)id;
	for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &counter_of(insn)->n, 1);
	}
}

static void finished(plugin_id id, void *unused) {
	(void)id, (void)unused;
	FILE *f = fopen(out, "w");
	if (!f) {
		perror(out);
		return;
	}
	for (int i = 0; i < used; i++)
		fprintf(f, "%s %s %" PRIu64 "\n", counters[i].simd ? "simd" : "core", counters[i].mnemonic, counters[i].n);
	fclose(f);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "mnemonics: one argument, out=FILE\n");
		return 1;
	}
	out = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finished, NULL);
	return 0;
}
