window.deliverySlots = ["morning", "noon"];
