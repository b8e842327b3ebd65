"""An encoder of this project as an ONNX graph, for the benchmarks that run it in ONNX Runtime."""

import json


def read_tensors(path):
    """Reads a safetensors file as f32; matrices in 8 bits are multiplied by the factors of their rows."""
    import numpy

    raw = path.read_bytes()
    end = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:end])
    header.pop("__metadata__", None)
    kinds = {"F32": "<f4", "F16": "<f2", "I8": "i1"}
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] in kinds:
            start, stop = entry["data_offsets"]
            values = numpy.frombuffer(raw[end + start : end + stop], kinds[entry["dtype"]]).reshape(entry["shape"])
            tensors[name] = values.astype("float32")
    for name in [name for name in tensors if name.endswith(".scale")]:
        tensors[name.removesuffix(".scale")] *= tensors[name][:, None]
    table = "embeddings.word_embeddings.weight"
    prefix = min((name for name in tensors if name.endswith(table)), key=len).removesuffix(table)
    return {name.removeprefix(prefix): values for name, values in tensors.items()}


def graph(folder):
    """The encoder as an ONNX graph of fused operations, from token ids to the last hidden states."""
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    config = json.loads((folder / "config.json").read_text())
    manifest = json.loads((folder / "manifest.json").read_text())
    tensors = read_tensors(folder / manifest["files"]["weights"]["path"])
    epsilon = config.get("layer_norm_eps", 1e-12)
    nodes, weights = [], []

    def weight(values):
        name = f"w{len(weights)}"
        weights.append(numpy_helper.from_array(numpy.ascontiguousarray(values), name))
        return name

    def add(operation, inputs, domain="com.microsoft", **attributes):
        name = f"n{len(nodes)}"
        outputs = [name, f"{name}_mask"] if operation == "EmbedLayerNormalization" else [name]
        nodes.append(helper.make_node(operation, inputs, outputs, domain=domain, **attributes))
        return name

    def named(name, *parts):
        return [weight(tensors[f"{name}.{part}"]) for part in parts]

    def product(inputs, name):
        return add("MatMul", [inputs, weight(tensors[f"{name}.weight"].T)], domain="")

    tables = [tensors[f"embeddings.{part}_embeddings.weight"] for part in ("word", "position", "token_type")]
    embedding_norm = named("embeddings.LayerNorm", "weight", "bias")
    states = add("EmbedLayerNormalization", ["ids", "types", *map(weight, tables), *embedding_norm, "mask"], epsilon=epsilon)
    mask = f"{states}_mask"
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        matrix = weight(numpy.concatenate([tensors[f"{part}.weight"].T for part in parts], axis=1))
        bias = weight(numpy.concatenate([tensors[f"{part}.bias"] for part in parts]))
        context = add("Attention", [states, matrix, bias, mask], num_heads=config["num_attention_heads"])
        output = product(context, f"{name}.attention.output.dense")
        norm = named(f"{name}.attention.output.LayerNorm", "weight", "bias") + named(f"{name}.attention.output.dense", "bias")
        attended = add("SkipLayerNormalization", [output, states, *norm], epsilon=epsilon)
        wide = add("BiasGelu", [product(attended, f"{name}.intermediate.dense"), *named(f"{name}.intermediate.dense", "bias")])
        norm = named(f"{name}.output.LayerNorm", "weight", "bias") + named(f"{name}.output.dense", "bias")
        states = add("SkipLayerNormalization", [product(wide, f"{name}.output.dense"), attended, *norm], epsilon=epsilon)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["rows", "tokens"]) for name in ("ids", "types", "mask")]
    output = helper.make_tensor_value_info(states, TensorProto.FLOAT, ["rows", "tokens", config["hidden_size"]])
    operations = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(helper.make_graph(nodes, "encoder", inputs, [output], weights), opset_imports=operations)
    model.ir_version = 9
    wide, hidden = config["intermediate_size"], config["hidden_size"]
    operations_per_token = config["num_hidden_layers"] * 2 * (4 * hidden * hidden + 2 * hidden * wide)
    return model, manifest["pooling"], config["vocab_size"], operations_per_token


def session(model, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def vectors(session, pooling, ids, mask):
    """Normalised vectors of padded rows of token ids."""
    import numpy

    (states,) = session.run(None, {"ids": ids, "types": numpy.zeros_like(ids), "mask": mask})
    found = states[:, 0] if pooling == "cls" else (states * mask[..., None]).sum(axis=1)
    return found / numpy.linalg.norm(found, axis=1, keepdims=True)
