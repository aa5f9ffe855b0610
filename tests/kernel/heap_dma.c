// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_dma - blocks of a linear heap are encrypted in a scatterlist, and mapped for DMA
 *
 * The module loads only if all is well. With CONFIG_DMA_API_DEBUG the kernel checks the mappings.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/skcipher.h>
#include <linux/crypto.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "heapmod.h"

#define BUFFERS	3
#define BYTES	(4 * SMP_CACHE_BYTES)

static struct heapmod *heap;

/* NIST SP 800-38A, F.2.1: AES-128 in CBC mode. */
static const u8 key[16] = "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c";
static const u8 plain[16] = "\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a";
static const u8 secret[16] = "\x76\x49\xab\xac\x81\x19\xb2\x46\xce\xe9\x8e\x9b\x12\xe9\x19\x7d";

/* Encrypt @block in place; the IV is a block, too. */
static int encrypt(struct crypto_skcipher *cipher, u8 *block, u8 *iv)
{
	struct skcipher_request *request = skcipher_request_alloc(cipher, GFP_KERNEL);
	struct scatterlist list;
	int error, i;

	if (!request)
		return -ENOMEM;
	memcpy(block, plain, sizeof(plain));
	for (i = 0; i < 16; i++)
		iv[i] = i;
	sg_init_one(&list, block, sizeof(plain));
	skcipher_request_set_callback(request, 0, NULL, NULL);
	skcipher_request_set_crypt(request, &list, &list, sizeof(plain), iv);
	error = crypto_skcipher_encrypt(request);
	skcipher_request_free(request);
	if (!error && memcmp(block, secret, sizeof(secret)))
		error = -EBADMSG;
	return error;
}

static int encrypt_a_block(void)
{
	struct crypto_skcipher *cipher = crypto_alloc_skcipher("cbc(aes)", 0, CRYPTO_ALG_ASYNC);
	u8 *block = heapmod_alloc(heap, sizeof(plain), GFP_KERNEL);
	u8 *iv = heapmod_alloc(heap, 16, GFP_KERNEL);
	int error;

	if (IS_ERR(cipher))
		return PTR_ERR(cipher);
	error = block && iv ? crypto_skcipher_setkey(cipher, key, sizeof(key)) : -ENOMEM;
	if (!error)
		error = encrypt(cipher, block, iv);
	heapmod_free(heap, block);
	heapmod_free(heap, iv);
	crypto_free_skcipher(cipher);
	return error;
}

/* Neighbours are mapped at the same time: they must not share a cache line. */
static int map_buffers(struct device *dev, void *buffers[BUFFERS])
{
	dma_addr_t addresses[BUFFERS];
	int error = 0;
	int i, mapped;

	for (mapped = 0; mapped < BUFFERS; mapped++) {
		addresses[mapped] = dma_map_single(dev, buffers[mapped], BYTES, DMA_FROM_DEVICE);
		if (dma_mapping_error(dev, addresses[mapped])) {
			error = -EIO;
			break;
		}
	}
	for (i = 0; i < mapped; i++)
		dma_unmap_single(dev, addresses[i], BYTES, DMA_FROM_DEVICE);
	return error;
}

static int map_blocks(struct device *dev)
{
	void *buffers[BUFFERS];
	int error = dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64));
	int i;

	for (i = 0; i < BUFFERS; i++) {
		buffers[i] = heapmod_alloc_aligned(heap, BYTES, SMP_CACHE_BYTES, GFP_KERNEL);
		if (!buffers[i])
			error = -ENOMEM;
	}
	if (!error)
		error = map_buffers(dev, buffers);
	for (i = 0; i < BUFFERS; i++)
		heapmod_free(heap, buffers[i]);
	return error;
}

static int map_for_a_device(void)
{
	struct platform_device *device = platform_device_register_simple("heap_dma", -1, NULL, 0);
	int error;

	if (IS_ERR(device))
		return PTR_ERR(device);
	error = map_blocks(&device->dev);
	platform_device_unregister(device);
	return error;
}

static int __init dma_init(void)
{
	int error;

	heap = heapmod_create("dma", SZ_64K, HEAPMOD_LINEAR);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	error = encrypt_a_block();
	if (error)
		pr_err("a block was not encrypted: %d\n", error);
	error = error ?: map_for_a_device();
	if (error)
		heapmod_destroy(heap);
	return error;
}

static void __exit dma_exit(void)
{
	heapmod_destroy(heap);
}

module_init(dma_init);
module_exit(dma_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Blocks of heapmod in scatterlists and mapped for DMA");
MODULE_LICENSE("GPL");
